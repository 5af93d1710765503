#include "simulator/console.h"

#include <chrono>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.h"
#include "json/json.h"

namespace mpc::simulator {

namespace {

constexpr std::size_t longest_body = 4096;  // dstack-vmm's limit

void append(int fd, std::string const& line)
{
    // A console that cannot be written to is no reason for a machine to stop.
    static_cast<void>(write(fd, line.data(), line.size()) == 0);
}

}  // namespace

void Console::say(std::string_view text) const
{
    append(m_serial.get(), fmt::format("[simulated guest] {}\n", printable(text, longest_body)));
}

void Console::event(std::string_view name, std::string_view body) const
{
    auto const now =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
    append(m_events.get(),
        json::write(json::Object {
            { "event", name },
            { "body", printable(body, longest_body) },
            { "timestamp", now.count() },
        }) + "\n");
    say(fmt::format("{}: {}", name, body));
}

}  // namespace mpc::simulator
