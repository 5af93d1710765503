// dstack's event log and its replay into RTMRs. Facts: dstack 0.3 to 0.6, cc-eventlog and dstack-attest.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "hash/hash.h"
#include "json/json.h"

namespace mpc::evidence {

/// A runtime measurement register: 48 bytes, all zero at the start of a boot, extended as SHA384(old || digest).
class Rtmr {
public:
    Rtmr() = default;
    explicit Rtmr(Sha384 value) : m_value(value) {}
    void extend(Sha384 const& digest);
    [[nodiscard]] Sha384 const& value() const { return m_value; }
    [[nodiscard]] std::string hex() const { return to_hex(m_value); }
    bool operator==(Rtmr const&) const = default;

private:
    Sha384 m_value {};
};

/// The event type of every event that dstack or an app adds to RTMR3.
inline constexpr std::uint32_t runtime_event_type = 0x08000001;

/// Our event's name; its payload is the 32 bytes of the image digest.
inline constexpr std::string_view image_digest_event = "mpc-image-digest";

struct Event {
    std::uint32_t imr = 0;  ///< register, 0 to 3
    std::uint32_t type = 0;
    std::optional<Sha384> digest;  ///< as logged; absent where the agent strips it (0.5.6 on, for RTMR3)
    std::string name;
    Bytes payload;
};

using EventLog = std::vector<Event>;

/// SHA384( LE32(0x08000001) ":" name ":" payload ): the digest of a runtime event, version 1.
[[nodiscard]] Sha384 runtime_event_digest(std::string_view name, ByteView payload);

/// A log as GetQuote (text) and Info (array) give it. At most 100,000 events. Version 2 events are refused by name: the
/// network's verifier knows only version 1. Errors: Invalid with the index of the event.
[[nodiscard]] Result<EventLog> parse_event_log(json::Array const& events);
[[nodiscard]] Result<EventLog> parse_event_log(std::string_view text);

/// Replays the runtime events (imr 3) in order. The digest is computed from name and payload; one that was logged must
/// be equal. Errors: Invalid (an imr-3 event of another type), Mismatch (a logged digest differs), with index and name.
[[nodiscard]] Result<Rtmr> replay_rtmr3(EventLog const& log);
/// Replays RTMR0, 1 or 2, whose digests cannot be recomputed and must be present. Errors: Invalid.
[[nodiscard]] Result<Rtmr> replay_boot_rtmr(EventLog const& log, std::uint32_t imr);

/// The payloads of the imr-3 events of that name, in order.
[[nodiscard]] std::vector<Bytes> payloads_of(EventLog const& log, std::string_view name);

}  // namespace mpc::evidence
