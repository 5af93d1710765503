#include "evidence/event_log.h"

#include <limits>

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::evidence {

namespace {

constexpr std::size_t most_events = 100'000;
constexpr std::uint32_t runtime_register = 3;

/// Where in the log something is wrong; the name is foreign text.
std::string place(std::size_t index, Event const& event)
{
    return fmt::format("event {} (\"{}\")", index, printable(event.name, 60));
}

/// dstack 0.6 can log events whose digest is of a JSON text, marked with "version": 2; 1 is left out.
Result<void> require_version_1(json::Object const& object)
{
    auto const* version = object.find("version");
    if (!version)
        return ok;
    if (!version->number() || *version->number() != 1)
        return Error(ErrorKind::Invalid, "it is not of version 1, and the network's verifier knows no other")
            .remedy("do not set event_log_version in app-compose.json");
    return ok;
}

Result<std::uint32_t> require_u32(json::Object const& object, std::string_view name)
{
    auto const number = TRY(object.require_number(name));
    if (number > std::numeric_limits<std::uint32_t>::max())
        return Error(ErrorKind::Invalid, fmt::format("\"{}\" does not fit into 32 bits", name));
    return static_cast<std::uint32_t>(number);
}

Result<Event> parse_event(json::Value const& value)
{
    auto const* object = value.object();
    if (!object)
        return Error(ErrorKind::Invalid, "it is not an object");
    TRY(require_version_1(*object));

    Event event;
    event.imr = TRY(require_u32(*object, "imr"));
    if (event.imr > runtime_register)
        return Error(ErrorKind::Invalid, fmt::format("there is no register {}: \"imr\" is 0 to 3", event.imr));
    event.type = TRY(require_u32(*object, "event_type"));
    auto const digest = TRY(object->require_text("digest"));
    if (!digest.empty())
        event.digest = TRY(from_hex_exactly<48>(digest).in("\"digest\""));
    event.name = TRY(object->require_text("event"));
    event.payload = TRY(from_hex(TRY(object->require_text("event_payload"))).in("\"event_payload\""));
    return event;
}

}  // namespace

void Rtmr::extend(Sha384 const& digest) { m_value = sha384({ m_value, digest }); }

Sha384 runtime_event_digest(std::string_view name, ByteView payload)
{
    static constexpr std::array<std::uint8_t, 4> type { runtime_event_type & 0xff, (runtime_event_type >> 8) & 0xff,
        (runtime_event_type >> 16) & 0xff, runtime_event_type >> 24 };
    return sha384({ type, as_bytes(":"), as_bytes(name), as_bytes(":"), payload });
}

Result<EventLog> parse_event_log(json::Array const& events)
{
    if (events.size() > most_events)
        return Error(ErrorKind::Invalid, fmt::format("event log: more than {} events", most_events));
    EventLog log;
    log.reserve(events.size());
    for (auto const& value : events) {
        auto event = parse_event(value);
        if (!event.ok())
            return std::move(event).error().in(fmt::format("event log: event {}", log.size()));
        log.push_back(std::move(event).value());
    }
    return log;
}

Result<EventLog> parse_event_log(std::string_view text)
{
    auto const value = TRY(json::read(text).in("event log"));
    if (!value.array())
        return Error(ErrorKind::Invalid, "event log: it is not a list");
    return parse_event_log(*value.array());
}

Result<Rtmr> replay_rtmr3(EventLog const& log)
{
    Rtmr rtmr;
    for (std::size_t index = 0; index < log.size(); ++index) {
        auto const& event = log[index];
        if (event.imr != runtime_register)
            continue;
        if (event.type != runtime_event_type)
            return Error(ErrorKind::Invalid,
                fmt::format("{}: its type is {:#010x}, that of every RTMR3 event is {:#010x}", place(index, event),
                    event.type, runtime_event_type));
        auto const digest = runtime_event_digest(event.name, event.payload);
        if (event.digest && *event.digest != digest)
            return Error(ErrorKind::Mismatch,
                place(index, event) + ": the logged digest is not that of its name and payload");
        rtmr.extend(digest);
    }
    return rtmr;
}

Result<Rtmr> replay_boot_rtmr(EventLog const& log, std::uint32_t imr)
{
    if (imr >= runtime_register)
        return Error(ErrorKind::Invalid, fmt::format("RTMR{} is not a boot register: those are 0 to 2", imr));
    Rtmr rtmr;
    for (std::size_t index = 0; index < log.size(); ++index) {
        auto const& event = log[index];
        if (event.imr != imr)
            continue;
        if (!event.digest)
            return Error(ErrorKind::Invalid,
                fmt::format("{}: an RTMR{} event without a digest", place(index, event), imr));
        rtmr.extend(*event.digest);
    }
    return rtmr;
}

std::vector<Bytes> payloads_of(EventLog const& log, std::string_view name)
{
    std::vector<Bytes> payloads;
    for (auto const& event : log) {
        if (event.imr == runtime_register && event.name == name)
            payloads.push_back(event.payload);
    }
    return payloads;
}

}  // namespace mpc::evidence
