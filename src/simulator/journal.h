// What the simulated parts of the world were asked to do, in one order for all of them.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace mpc::simulator {

/// Lines such as "agent EmitEvent mpc-image-digest", appended by several simulators at the same time, read by a test
/// that asserts their order. Safe to use from any thread.
class Journal {
public:
    void append(std::string line)
    {
        std::lock_guard const lock(m_mutex);
        m_lines.push_back(std::move(line));
    }

    /// The lines so far, oldest first.
    [[nodiscard]] std::vector<std::string> snapshot() const
    {
        std::lock_guard const lock(m_mutex);
        return m_lines;
    }

private:
    mutable std::mutex m_mutex;
    std::vector<std::string> m_lines;
};

}  // namespace mpc::simulator
