// The checks of what runs: which operating system, which application, which node.
#include <algorithm>

#include <fmt/format.h>

#include "attestation/app_compose.h"
#include "attestation/judgement.h"
#include "base/log.h"

namespace mpc::attestation {

namespace {

using evidence::EventLog;

constexpr std::uint32_t runtime_register = 3;

/// What the node measures, in the form of a set.
MeasurementSet measured(Judgement const& judgement, bool log_holds)
{
    auto const& td = judgement.quote().td;
    MeasurementSet set { "this node", td.mrtd, td.rtmrs[0].value(), td.rtmrs[1].value(), td.rtmrs[2].value(), {} };
    if (!log_holds)
        return set;
    auto const providers = evidence::payloads_of(*judgement.evidence.event_log, "key-provider");
    if (!providers.empty())
        set.key_provider_digest = evidence::runtime_event_digest("key-provider", providers.front());
    return set;
}

/// What a list allows, in words; of a long one its beginning.
template <typename T, typename Show>
std::string allowed_text(std::vector<T> const& allowed, Show show)
{
    constexpr std::size_t most = 8;
    if (allowed.empty())
        return "nothing is allowed";
    auto text = allowed.size() == 1 ? std::string() : "one of: ";
    for (std::size_t i = 0; i < std::min(most, allowed.size()); ++i)
        text += (i == 0 ? "" : ", ") + show(allowed[i]);
    return allowed.size() > most ? fmt::format("{} and {} more", text, allowed.size() - most) : text;
}

std::string counted(std::size_t count, std::string_view what)
{
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// One register of a set, and the check that compares it.
struct Register {
    CheckId id;
    Sha384 MeasurementSet::* value;
};

constexpr std::array registers { Register { CheckId::MrtdExpected, &MeasurementSet::mrtd },
    Register { CheckId::Rtmr0Expected, &MeasurementSet::rtmr0 },
    Register { CheckId::Rtmr1Expected, &MeasurementSet::rtmr1 },
    Register { CheckId::Rtmr2Expected, &MeasurementSet::rtmr2 },
    Register { CheckId::KeyProviderExpected, &MeasurementSet::key_provider_digest } };

long equal_registers(MeasurementSet const& a, MeasurementSet const& b)
{
    return std::ranges::count_if(registers, [&](Register const& each) { return a.*each.value == b.*each.value; });
}

/// All registers must be those of one set. Compared is the set that is nearest, so that what differs is named.
void check_measurements(Judgement const& judgement, bool log_holds)
{
    auto const& accepted = judgement.policy.measurements;
    auto const found = measured(judgement, log_holds);
    auto const nearest =
        std::ranges::max_element(accepted, {}, [&](MeasurementSet const& set) { return equal_registers(set, found); });
    for (auto const& each : registers) {
        if (each.id == CheckId::KeyProviderExpected && !log_holds)
            continue;
        if (nearest == accepted.end())
            judgement.checks().record(each.id, false, to_hex(found.*each.value), "no set of measurements is accepted");
        else
            judgement.checks().record(each.id, found.*each.value == (*nearest).*each.value, to_hex(found.*each.value),
                to_hex((*nearest).*each.value) + " (" + printable(nearest->name, 60) + ")");
    }
}

std::optional<Bytes> first_payload(Judgement const& judgement, std::string_view name)
{
    auto payloads = evidence::payloads_of(*judgement.evidence.event_log, name);
    return payloads.empty() ? std::nullopt : std::optional(std::move(payloads.front()));
}
/// The compose-hash event is SHA-256 of the app-compose, byte for byte.
bool check_compose_hash(Judgement const& judgement)
{
    if (!judgement.evidence.app_compose)
        return judgement.checks().record(CheckId::ComposeHash, false, "no app-compose was given",
            "the measured app-compose");
    auto const found = sha256({ as_bytes(*judgement.evidence.app_compose) });
    auto const measured_hash = first_payload(judgement, "compose-hash");
    return judgement.checks().record(CheckId::ComposeHash, measured_hash && std::ranges::equal(*measured_hash, found),
        to_hex(found), measured_hash ? to_hex(*measured_hash) : "a compose-hash event");
}

/// MRCONFIGID is 01, the compose hash, and zeros (dstack, form 1).
/// Form 1 of dstack. Forms 2 and 3 commit to a key provider's id as well, which this network's nodes do not pin.
void check_mr_config_id(Judgement const& judgement)
{
    std::array<std::uint8_t, 48> expected { 0x01 };
    std::ranges::copy(sha256({ as_bytes(*judgement.evidence.app_compose) }), expected.begin() + 1);
    auto const& found = judgement.quote().td.mr_config_id;
    judgement.checks().record(CheckId::MrConfigId, found == expected, to_hex(found), to_hex(expected));
}
/// App-compose follows the network's rules (near/mpc attestation, app_compose).
void check_app_compose_rules(Judgement const& judgement, Result<json::Object> const& app_compose)
{
    auto const broken = app_compose.ok() ? broken_rule(app_compose.value()) : app_compose.error().message();
    judgement.checks().record(CheckId::AppComposeRules, !broken, broken.value_or("every rule is kept"),
        "every rule is kept");
}

/// Policy: SHA-256 of the launcher's compose file is allowed.
/// Over the string's own bytes: no YAML is read.
void check_launcher_compose(Judgement const& judgement, json::Object const& app_compose)
{
    auto const compose = app_compose.require_text("docker_compose_file");
    if (!compose.ok()) {
        judgement.checks().record(CheckId::LauncherComposeAllowed, false, compose.error().message(), "a compose file");
        return;
    }
    auto const& allowed = judgement.policy.launcher_compose_hashes;
    auto const found = sha256({ as_bytes(compose.value()) });
    judgement.checks().record(CheckId::LauncherComposeAllowed, std::ranges::find(allowed, found) != allowed.end(),
        to_hex(found), allowed_text(allowed, [](Sha256 const& hash) { return to_hex(hash); }));
}

/// Before system-ready no launcher runs that could have measured an image.
bool is_after_system_ready(EventLog const& log)
{
    bool ready = false;
    for (auto const& event : log) {
        if (event.imr != runtime_register)
            continue;
        if (event.name == evidence::image_digest_event)
            return ready;
        ready = ready || event.name == "system-ready";
    }
    return false;
}
/// The event mpc-image-digest was measured exactly once, with 32 bytes, after system-ready.
std::optional<image::ImageDigest> check_image_digest_event(Judgement const& judgement)
{
    auto const& log = *judgement.evidence.event_log;
    auto const payloads = evidence::payloads_of(log, evidence::image_digest_event);
    bool const one = payloads.size() == 1 && payloads.front().size() == 32;
    bool const after = is_after_system_ready(log);
    judgement.checks().record(CheckId::ImageDigestEvent, one && after,
        fmt::format("{}{}{}", counted(payloads.size(), "event"),
            payloads.size() == 1 && !one ? ", of another size" : "",
            after || payloads.empty() ? "" : ", before system-ready"),
        "one event of 32 bytes after system-ready");
    if (!one)
        return std::nullopt;
    std::array<std::uint8_t, 32> digest {};
    std::ranges::copy(payloads.front(), digest.begin());
    return image::ImageDigest(digest);
}
/// Policy: the measured image digest is allowed.
void check_image_digest_allowed(Judgement const& judgement, image::ImageDigest const& digest)
{
    auto const& allowed = judgement.policy.image_digests;
    judgement.checks().record(CheckId::ImageDigestAllowed, std::ranges::find(allowed, digest) != allowed.end(),
        digest.text(), allowed_text(allowed, [](image::ImageDigest const& item) { return item.text(); }));
}

void check_report_data(Judgement const& judgement, CheckId id, ReportData const& expected)
{
    auto const& found = judgement.quote().td.report_data;
    judgement.checks().record(id, found == expected, to_hex(found), to_hex(expected));
}

/// Report data is that of the node's keys: version 1, SHA3-384 of TLS and account key, zeros.
/// Without keys, receipt or nonce the quote could be of any node, or an old one: one of them must be given.
void check_node_keys_bound(Judgement const& judgement)
{
    auto const& evidence = judgement.evidence;
    if (evidence.node_keys)
        check_report_data(judgement, CheckId::NodeKeysBound, report_data_of(*evidence.node_keys));
    else if (evidence.receipt)
        judgement.checks().does_not_apply(CheckId::NodeKeysBound, "the quote is the launcher's, for its receipt");
    else if (evidence.nonce)
        judgement.checks().does_not_apply(CheckId::NodeKeysBound, "the quote was made for the verifier's nonce");
    else
        judgement.checks().record(CheckId::NodeKeysBound, false, "neither keys nor receipt nor nonce were given",
            "the node's keys");
}
/// Report data is SHA-384 of the launch receipt, and zeros.
void check_receipt_bound(Judgement const& judgement)
{
    if (judgement.evidence.receipt)
        check_report_data(judgement, CheckId::ReceiptBound, report_data_of_receipt(*judgement.evidence.receipt));
    else
        judgement.checks().does_not_apply(CheckId::ReceiptBound, "no launch receipt was given");
}
/// Report data is the nonce that the verifier chose: the quote is not an old one.
void check_nonce_bound(Judgement const& judgement)
{
    if (judgement.evidence.nonce)
        check_report_data(judgement, CheckId::NonceBound, *judgement.evidence.nonce);
    else
        judgement.checks().does_not_apply(CheckId::NonceBound, "the quote was not asked for by this verifier");
}

std::vector<evidence::Event const*> runtime_events(EventLog const& log)
{
    std::vector<evidence::Event const*> events;
    for (auto const& event : log) {
        if (event.imr == runtime_register)
            events.push_back(&event);
    }
    return events;
}

std::string shown(evidence::Event const& event)
{
    return fmt::format("\"{}\" {}", printable(event.name, 60), printable(to_hex(event.payload), 140));
}
/// The RTMR3 events are the predicted ones, in order.
void check_rtmr3_predicted(Judgement const& judgement)
{
    if (!judgement.evidence.predicted) {
        judgement.checks().does_not_apply(CheckId::Rtmr3Predicted, "no prediction was given");
        return;
    }
    auto const found = runtime_events(*judgement.evidence.event_log);
    auto const expected = runtime_events(*judgement.evidence.predicted);
    for (std::size_t i = 0; i < std::max(found.size(), expected.size()); ++i) {
        bool const both = i < found.size() && i < expected.size();
        if (both && found[i]->name == expected[i]->name && found[i]->payload == expected[i]->payload)
            continue;
        judgement.checks().record(CheckId::Rtmr3Predicted, false,
            fmt::format("RTMR3 event {}: {}", i + 1, i < found.size() ? shown(*found[i]) : "none"),
            fmt::format("RTMR3 event {}: {}", i + 1, i < expected.size() ? shown(*expected[i]) : "none"));
        return;
    }
    judgement.checks().record(CheckId::Rtmr3Predicted, true, counted(found.size(), "event"),
        counted(expected.size(), "event"));
}

void judge_app_compose(Judgement const& judgement)
{
    auto const app_compose = parse_app_compose(*judgement.evidence.app_compose);
    check_app_compose_rules(judgement, app_compose);
    if (app_compose.ok())
        check_launcher_compose(judgement, app_compose.value());
}

}  // namespace

void judge_node(Judgement const& judgement, bool log_holds)
{
    check_measurements(judgement, log_holds);
    check_node_keys_bound(judgement);
    check_receipt_bound(judgement);
    check_nonce_bound(judgement);
    if (judgement.evidence.app_compose)
        check_mr_config_id(judgement);
    if (!log_holds)
        return;
    if (check_compose_hash(judgement))
        judge_app_compose(judgement);
    if (auto const digest = check_image_digest_event(judgement))
        check_image_digest_allowed(judgement, *digest);
    check_rtmr3_predicted(judgement);
}

}  // namespace mpc::attestation
