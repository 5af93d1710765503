// What a simulated guest says: to its serial console, and to the VMM as events.
#pragma once

#include <string_view>

#include "base/fd.h"

namespace mpc::simulator {

/// Both are appended to, a line each time. The descriptors stay the CVM's whatever it mounts.
class Console {
public:
    Console(Fd serial, Fd events) : m_serial(std::move(serial)), m_events(std::move(events)) {}

    void say(std::string_view text) const;
    /// As dstack's guests report to the host: "boot.progress", "boot.error", "shutdown.progress", "instance.info".
    /// A line of JSON: {"event","body","timestamp"}, the time in milliseconds since 1970. Also said.
    void event(std::string_view name, std::string_view body) const;

    /// For the outputs of programs in the guest.
    [[nodiscard]] int serial() const { return m_serial.get(); }

private:
    Fd m_serial;
    Fd m_events;
};

}  // namespace mpc::simulator
