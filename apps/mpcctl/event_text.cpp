#include "mpcctl/event_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t payload_width = 72;

std::string name_of(evidence::Event const& event)
{
    return event.name.empty() ? fmt::format("type {:#010x}", event.type) : printable(event.name, 60);
}

/// Text where a payload is text, hex where not; cut to fit a line. Of boot events, whose payload is mostly stripped,
/// the digest.
std::string payload_of(evidence::Event const& event)
{
    if (event.imr != 3)
        return "digest " + (event.digest ? to_hex(*event.digest).substr(0, 32) : "missing");
    bool const is_text = std::ranges::all_of(event.payload, [](auto byte) { return byte >= 0x20 && byte < 0x7f; });
    auto text = is_text ? std::string(as_text(event.payload)) : to_hex(event.payload);
    if (text.size() > payload_width)
        text = text.substr(0, payload_width - 3) + "...";
    return text;
}

json::Value event_json(evidence::Event const& event)
{
    auto const digest =
        event.imr == 3 ? evidence::runtime_event_digest(event.name, event.payload) : event.digest.value_or(Sha384 {});
    return json::Object { { "imr", event.imr }, { "event_type", event.type }, { "digest", to_hex(digest) },
        { "event", event.name }, { "event_payload", to_hex(event.payload) } };
}

}  // namespace

std::string event_table(evidence::EventLog const& log)
{
    std::size_t width = 5;
    for (auto const& event : log)
        width = std::max(width, name_of(event).size());
    auto text = fmt::format("RTMR  {:{}}  payload\n", "event", width);
    for (auto const& event : log)
        text += fmt::format("{:<4}  {:{}}  {}\n", event.imr, name_of(event), width, payload_of(event));
    return text;
}

json::Array events_json(evidence::EventLog const& log)
{
    json::Array events;
    std::ranges::transform(log, std::back_inserter(events), event_json);
    return events;
}

}  // namespace mpc::ctl
