#include "ports.h"

#include <algorithm>

#include <fmt/format.h>

#include "leftovers.h"

namespace mpc::launcher {

namespace {

/// The system's words for a port that somebody listens on.
constexpr std::string_view address_in_use = "address already in use";

/// Whether the number is in the text, and not as a part of a longer one.
bool shows(std::string_view text, std::uint16_t number)
{
    auto const digits = std::to_string(number);
    auto const is_digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
    for (auto at = text.find(digits); at != std::string_view::npos; at = text.find(digits, at + 1)) {
        if (!is_digit(at - 1) && !is_digit(at + digits.size()))
            return true;
    }
    return false;
}

}  // namespace

Result<void> require_free_ports(docker::Engine& engine, PortMappings ports)
{
    for (auto const& container : TRY(engine.containers().exit_as(ExitCode::Engine))) {
        if (!is_active(container))
            continue;
        for (auto const& published : container.ports) {
            auto const wanted = std::ranges::find_if(ports,
                [&](auto const& port) { return published.host == port.host && published.protocol == "tcp"; });
            if (published.host == 0 || wanted == ports.end())
                continue;
            return Error(ErrorKind::Refused,
                fmt::format("the host port of port mapping {} is taken by container \"{}\"", wanted - ports.begin() + 1,
                    display_name(container)))
                .exit_as(ExitCode::Engine)
                .remedy("choose another host port in user_config, or stop that container");
        }
    }
    return ok;
}

Error without_ports(Error error, PortMappings ports)
{
    auto const& text = error.message();
    auto const taken = std::ranges::find_if(ports, [&](auto const& port) { return shows(text, port.host); });
    if (taken != ports.end() && text.find(address_in_use) != std::string::npos) {
        return Error(ErrorKind::Refused,
            fmt::format("the host port of port mapping {} is taken on the host", taken - ports.begin() + 1))
            .remedy("choose another host port in user_config, or end what listens there; then start the launcher "
                    "again: nothing is measured twice");
    }
    auto const shown = std::ranges::find_if(ports,
        [&](auto const& port) { return shows(text, port.host) || shows(text, port.container); });
    if (shown == ports.end())
        return error;
    return Error(error.kind(),
        fmt::format("the Docker Engine refused, in words that show a port of port mapping {}",
            shown - ports.begin() + 1))
        .remedy("read the Docker Engine's own log; then start the launcher again: nothing is measured twice");
}

}  // namespace mpc::launcher
