// The checks of what dstack measured: the event log against the quoted registers.
#include <algorithm>

#include <fmt/format.h>

#include "attestation/judgement.h"
#include "base/log.h"

namespace mpc::attestation {

namespace {

using evidence::Event;
using evidence::EventLog;
using evidence::Rtmr;

constexpr std::uint32_t runtime_register = 3;

constexpr std::size_t any_size = ~std::size_t { 0 };

/// dstack's own events of a boot, in its order (0.5.0 to 0.6.0). Others may stand between them.
struct BootEvent {
    std::string_view name;
    bool required;
    std::size_t most;                  ///< how often it may occur
    std::array<std::size_t, 2> sizes;  ///< of its payload, one or the other
};

constexpr std::array boot_events {
    BootEvent { "system-preparing", true, 1, { 0, 0 } },
    BootEvent { "app-id", true, 1, { 20, 20 } },
    BootEvent { "compose-hash", true, 1, { 32, 32 } },
    BootEvent { "init-script-hash", false, 5, { 32, 32 } },
    BootEvent { "gpu-policy-hash", false, 1, { 32, 32 } },
    BootEvent { "gpu-attestation", false, 1, { any_size, any_size } },
    BootEvent { "instance-id", true, 1, { 0, 20 } },
    BootEvent { "boot-mr-done", true, 1, { 0, 0 } },
    BootEvent { "mr-kms", false, 1, { any_size, any_size } },
    BootEvent { "os-image-hash", false, 1, { 32, 32 } },
    BootEvent { "key-provider", true, 1, { any_size, any_size } },
    BootEvent { "storage-fs", false, 1, { 3, 4 } },
    BootEvent { "system-ready", true, 1, { 0, 0 } },
};

std::string place(std::size_t index, Event const& event)
{
    return fmt::format("event {} (\"{}\")", index, printable(event.name, 60));
}

/// Records a check that every RTMR3 event must meet; the first that does not is named.
template <typename Holds>
bool check_each(Judgement const& judgement, CheckId id, Holds holds, std::string expected)
{
    auto const& log = *judgement.evidence.event_log;
    std::size_t count = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
        if (log[i].imr != runtime_register)
            continue;
        ++count;
        if (!holds(log[i]))
            return judgement.checks().record(id, false, place(i, log[i]), std::move(expected));
    }
    return judgement.checks().record(id, true, fmt::format("{} events", count), std::move(expected));
}
/// Every RTMR3 event is of dstack's runtime type 0x08000001.
void check_event_types(Judgement const& judgement)
{
    check_each(
        judgement, CheckId::EventTypes, [](Event const& event) { return event.type == evidence::runtime_event_type; },
        "type 0x08000001");
}

/// Every digest that is logged for RTMR3 is that of its name and payload, recomputed.
/// Never the logged digest alone: anybody can put another payload beside a genuine digest.
void check_event_digests(Judgement const& judgement)
{
    check_each(
        judgement, CheckId::EventDigests,
        [](Event const& event) {
            return !event.digest || *event.digest == evidence::runtime_event_digest(event.name, event.payload);
        },
        "the digest of its name and payload");
}

/// No RTMR3 event's name has a colon, which would make its digest ambiguous.
/// SHA384(type ":" name ":" payload) is the same for name "a:b" with payload "c" and name "a" with payload "b:c".
void check_event_names(Judgement const& judgement)
{
    check_each(
        judgement, CheckId::EventNames, [](Event const& event) { return event.name.find(':') == std::string::npos; },
        "a name without a colon");
}

bool check_boot_rtmr_replay(Judgement const& judgement, std::uint32_t imr)
{
    static constexpr std::array ids { CheckId::Rtmr0Replay, CheckId::Rtmr1Replay, CheckId::Rtmr2Replay };
    auto const& quoted = judgement.quote().td.rtmrs[imr];
    auto const replayed = evidence::replay_boot_rtmr(*judgement.evidence.event_log, imr);
    return judgement.checks().record(ids[imr], replayed.ok() && *replayed == quoted,
        replayed.ok() ? replayed->hex() : replayed.error().message(), quoted.hex());
}
/// The event log replays to the quoted RTMR3.
bool check_rtmr3_replay(Judgement const& judgement)
{
    Rtmr replayed;
    for (auto const& event : *judgement.evidence.event_log) {
        if (event.imr == runtime_register)
            replayed.extend(evidence::runtime_event_digest(event.name, event.payload));
    }
    auto const& quoted = judgement.quote().td.rtmrs[runtime_register];
    return judgement.checks().record(CheckId::Rtmr3Replay, replayed == quoted, replayed.hex(), quoted.hex());
}

/// What the node says of its registers and compose hash is what the quote and the log say.
/// What the guest says of itself must at least agree with what is proven.
void check_claimed_values(Judgement const& judgement)
{
    auto const& claimed = judgement.evidence.claimed;
    if (!claimed) {
        judgement.checks().does_not_apply(CheckId::ClaimedValues, "the node claims no values");
        return;
    }
    auto const& td = judgement.quote().td;
    std::string wrong = claimed->mrtd == td.mrtd ? "" : "mrtd";
    for (std::size_t i = 0; i < td.rtmrs.size() && wrong.empty(); ++i) {
        if (claimed->rtmrs[i] != td.rtmrs[i].value())
            wrong = "rtmr" + std::to_string(i);
    }
    auto const measured = evidence::payloads_of(*judgement.evidence.event_log, "compose-hash");
    if (wrong.empty() && (measured.empty() || !std::ranges::equal(measured.front(), claimed->compose_hash)))
        wrong = "compose_hash";
    judgement.checks().record(CheckId::ClaimedValues, wrong.empty(), wrong.empty() ? "equal" : wrong + " is another",
        "equal");
}

/// Index of the known boot event, or nullopt for an event of anybody else.
std::optional<std::size_t> boot_event_index(std::string_view name)
{
    auto const found = std::ranges::find(boot_events, name, &BootEvent::name);
    if (found == boot_events.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - boot_events.begin());
}
/// The boot's events are in the log, from system-preparing to system-ready.
void check_boot_events_present(Judgement const& judgement)
{
    std::string missing;
    for (auto const& event : boot_events) {
        if (event.required && evidence::payloads_of(*judgement.evidence.event_log, event.name).empty())
            missing += (missing.empty() ? "missing: " : ", ") + std::string(event.name);
    }
    judgement.checks().record(CheckId::BootEventsPresent, missing.empty(), missing.empty() ? "all are there" : missing,
        "every event that dstack always measures");
}
/// No boot event occurs twice.
void check_boot_events_once(Judgement const& judgement)
{
    std::string twice;
    for (auto const& event : boot_events) {
        if (evidence::payloads_of(*judgement.evidence.event_log, event.name).size() > event.most)
            twice += (twice.empty() ? "too often: " : ", ") + std::string(event.name);
    }
    judgement.checks().record(CheckId::BootEventsOnce, twice.empty(), twice.empty() ? "each once" : twice, "each once");
}

/// Boot events are in dstack's order and before system-ready.
/// The first occurrence of each; what comes too often is another check's business.
void check_boot_events_order(Judgement const& judgement)
{
    std::array<bool, boot_events.size()> seen {};
    std::size_t latest = 0;
    auto const& log = *judgement.evidence.event_log;
    for (std::size_t i = 0; i < log.size(); ++i) {
        auto const index = log[i].imr == runtime_register ? boot_event_index(log[i].name) : std::nullopt;
        if (!index || seen[*index])
            continue;
        seen[*index] = true;
        if (*index < latest) {
            judgement.checks().record(CheckId::BootEventsOrder, false,
                fmt::format("{} comes after \"{}\"", place(i, log[i]), boot_events[latest].name), "dstack's order");
            return;
        }
        latest = *index;
    }
    judgement.checks().record(CheckId::BootEventsOrder, true, "in order", "dstack's order");
}
/// Boot events have payloads of their form.
void check_boot_events_payloads(Judgement const& judgement)
{
    check_each(
        judgement, CheckId::BootEventsPayloads,
        [](Event const& event) {
            auto const index = boot_event_index(event.name);
            if (!index)
                return true;
            auto const& sizes = boot_events[*index].sizes;
            return sizes.front() == any_size || std::ranges::find(sizes, event.payload.size()) != sizes.end();
        },
        "a payload of the event's own size");
}

void fail_without_log(Checklist& checks)
{
    checks.record(CheckId::Rtmr3Replay, false, "no event log was given", "the log of this boot");
}

}  // namespace

bool judge_boot(Judgement const& judgement)
{
    if (!judgement.evidence.event_log) {
        fail_without_log(judgement.checks());
        return false;
    }
    check_event_types(judgement);
    check_event_digests(judgement);
    check_event_names(judgement);
    for (std::uint32_t imr = 0; imr < runtime_register; ++imr)
        check_boot_rtmr_replay(judgement, imr);
    if (!check_rtmr3_replay(judgement))
        return false;
    check_claimed_values(judgement);
    check_boot_events_present(judgement);
    check_boot_events_once(judgement);
    check_boot_events_order(judgement);
    check_boot_events_payloads(judgement);
    return true;
}

}  // namespace mpc::attestation
