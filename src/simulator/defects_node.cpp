// What can be wrong with what dstack measured and with what runs.
#include <algorithm>

#include "simulator/defect_tools.h"

namespace mpc::simulator {

namespace {

using attestation::CheckId;
using evidence::image_digest_event;

/// A boot event's digest, put into the log after the quote was made.
template <std::uint32_t Imr>
Result<Exhibit> with_log_of_another_boot(AttestedNode const& node)
{
    return tampered<[](Exhibit& shown) { (*first_event_of(shown.log, Imr).digest)[0] ^= 1; }>(node);
}

/// Another firmware, kernel or initrd: measured, logged and quoted.
template <std::uint32_t Imr>
Result<Exhibit> with_another_boot(AttestedNode const& node)
{
    return edited<[](AttestedNode& bent) { (*first_event_of(bent.log, Imr).digest)[0] ^= 1; }>(node);
}

/// The event under that name with another payload: measured, logged and quoted.
void measure_instead(AttestedNode& node, char const* name, Bytes payload)
{
    event_named(node.log, name) = runtime_event(name, std::move(payload));
}

Result<Exhibit> with_another_compose_hash(AttestedNode const& sound)
{
    auto node = sound;
    measure_instead(node, "compose-hash", Bytes(32, 1));
    auto shown = TRY(node.exhibit());
    shown.claimed.compose_hash.fill(1);
    return shown;
}

Result<Exhibit> with_another_receipt(AttestedNode const& sound)
{
    auto node = sound;
    node.receipt = R"({"launched":true})";
    auto shown = TRY(node.exhibit());
    shown.receipt->insert(1, " ");
    return shown;
}

void set_app_compose_without(AttestedNode& node, std::string_view part, std::string_view other)
{
    node.set_app_compose(replaced(node.app_compose, part, other));
}

constexpr Defect boot_table[] = {
    { "event-type", CheckId::EventTypes, "", "event of RTMR3 is of another type than dstack's",
        edited<[](AttestedNode& node) { event_named(node.log, "storage-fs").type = 4; }> },
    { "event-digest", CheckId::EventDigests, "", "event's logged digest is not that of its payload",
        edited<[](AttestedNode& node) { event_named(node.log, image_digest_event).digest = Sha384 {}; }> },
    { "event-payload", CheckId::EventDigests, "", "image digest was replaced beside its genuine digest",
        tampered<[](Exhibit& shown) { event_named(shown.log, image_digest_event).payload[0] ^= 1; }> },
    { "event-name-colon", CheckId::EventNames, "", "event's name has a colon, so that its digest is ambiguous",
        edited<[](AttestedNode& node) { node.log.push_back(runtime_event("my:event", { 1 })); }> },
    { "rtmr0-replay", CheckId::Rtmr0Replay, "", "log does not replay to RTMR0", with_log_of_another_boot<0> },
    { "rtmr1-replay", CheckId::Rtmr1Replay, "", "log does not replay to RTMR1", with_log_of_another_boot<1> },
    { "rtmr2-replay", CheckId::Rtmr2Replay, "", "log does not replay to RTMR2", with_log_of_another_boot<2> },
    { "rtmr3-event-added", CheckId::Rtmr3Replay, "", "log has an event that was not measured",
        tampered<[](Exhibit& shown) { shown.log.push_back(runtime_event("more")); }> },
    { "rtmr3-event-hidden", CheckId::Rtmr3Replay, "", "log hides an event that was measured",
        tampered<[](Exhibit& shown) { shown.log.pop_back(); }> },
    { "claimed-register", CheckId::ClaimedValues, "", "node claims another RTMR2 than the quote holds",
        tampered<[](Exhibit& shown) { shown.claimed.rtmrs[2][0] ^= 1; }> },
    { "claimed-compose-hash", CheckId::ClaimedValues, "", "node claims another compose hash than the log has",
        tampered<[](Exhibit& shown) { shown.claimed.compose_hash[0] ^= 1; }> },
    { "boot-event-missing", CheckId::BootEventsPresent, "", "boot lacks the event boot-mr-done",
        edited<[](AttestedNode& node) {
            std::erase_if(node.log, [](evidence::Event const& event) { return event.name == "boot-mr-done"; });
        }> },
    { "boot-event-twice", CheckId::BootEventsOnce, "", "boot event occurs again after system-ready",
        edited<[](AttestedNode& node) { node.log.push_back(event_named(node.log, "compose-hash")); }> },
    { "boot-event-order", CheckId::BootEventsOrder, "", "boot events are in another order than dstack's",
        edited<[](AttestedNode& node) {
            std::swap(event_named(node.log, "instance-id"), event_named(node.log, "boot-mr-done"));
        }> },
    { "boot-event-late", CheckId::BootEventsOrder, "", "boot event comes after system-ready",
        edited<[](AttestedNode& node) { node.log.push_back(runtime_event("os-image-hash", Bytes(32))); }> },
    { "boot-event-payload", CheckId::BootEventsPayloads, "", "boot event app-id has 21 bytes",
        edited<[](AttestedNode& node) { measure_instead(node, "app-id", Bytes(21)); }> },
};

constexpr Defect node_table[] = {
    { "mrtd-other", CheckId::MrtdExpected, "", "firmware is another (MRTD)",
        edited<[](AttestedNode& node) { node.quote.td.mrtd[0] ^= 1; }> },
    { "rtmr0-other", CheckId::Rtmr0Expected, "", "virtual hardware is another (RTMR0)", with_another_boot<0> },
    { "rtmr1-other", CheckId::Rtmr1Expected, "", "kernel is another (RTMR1)", with_another_boot<1> },
    { "rtmr2-other", CheckId::Rtmr2Expected, "", "command line or initrd is another (RTMR2)", with_another_boot<2> },
    { "key-provider-other", CheckId::KeyProviderExpected, "", "key provider is another",
        edited<[](AttestedNode& node) { measure_instead(node, "key-provider", { '{', '}' }); }> },
    { "compose-hash-other", CheckId::ComposeHash, "", "measured compose hash is of another app-compose",
        with_another_compose_hash },
    { "app-compose-changed", CheckId::ComposeHash, "", "app-compose has a line break more than what was measured",
        tampered<[](Exhibit& shown) { shown.app_compose += "\n"; }> },
    { "mr-config-id", CheckId::MrConfigId, "", "MRCONFIGID is not that of the app-compose",
        edited<[](AttestedNode& node) { node.quote.td.mr_config_id[33] = 1; }> },
    { "app-compose-kms", CheckId::AppComposeRules, "", "app-compose takes its keys from a KMS",
        edited<[](AttestedNode& node) {
            set_app_compose_without(node, "\"kms_enabled\": false", "\"kms_enabled\": true");
        }> },
    { "app-compose-script", CheckId::AppComposeRules, "", "app-compose has a script that runs before the containers",
        edited<[](AttestedNode& node) {
            set_app_compose_without(node, "\"name\"", "\"pre_launch_script\": \"true\", \"name\"");
        }> },
    { "app-compose-environment", CheckId::AppComposeRules, "", "app-compose lets unmeasured variables in",
        edited<[](AttestedNode& node) {
            set_app_compose_without(node, "\"allowed_envs\": []", "\"allowed_envs\": [\"LD_PRELOAD\"]");
        }> },
    { "app-compose-member-twice", CheckId::AppComposeRules, "", "app-compose has a member twice",
        edited<[](AttestedNode& node) {
            set_app_compose_without(node, "\"kms_enabled\": false", "\"kms_enabled\": true, \"kms_enabled\": false");
        }> },
    { "launcher-compose-other", CheckId::LauncherComposeAllowed, "", "launcher's compose file is not allowed",
        edited<[](AttestedNode& node) { set_app_compose_without(node, "image: mpc", "image: cpm"); }> },
    { "image-digest-missing", CheckId::ImageDigestEvent, "", "image was not measured",
        edited<[](AttestedNode& node) { node.log.pop_back(); }> },
    { "image-digest-unmeasured", CheckId::ImageDigestEvent, "",
        "image digest stands in a boot event, whose name and payload nothing measures", edited<[](AttestedNode& node) {
            auto& boot_event = first_event_of(node.log, 2);
            boot_event.name = image_digest_event;
            boot_event.payload = node.log.back().payload;
            node.log.pop_back();
        }> },
    { "image-digest-twice", CheckId::ImageDigestEvent, "", "image was measured twice",
        edited<[](AttestedNode& node) { node.log.push_back(node.log.back()); }> },
    { "image-digest-size", CheckId::ImageDigestEvent, "", "measured image digest has 31 bytes",
        edited<[](AttestedNode& node) {
            node.log.back() = runtime_event(std::string(image_digest_event), Bytes(31));
        }> },
    { "image-digest-early", CheckId::ImageDigestEvent, "", "image was measured before system-ready",
        edited<[](AttestedNode& node) { std::swap(node.log.back(), event_named(node.log, "system-ready")); }> },
    { "image-digest-other", CheckId::ImageDigestAllowed, "", "measured image is not allowed",
        edited<[](AttestedNode& node) {
            node.log.back() = runtime_event(std::string(image_digest_event), Bytes(32, 0xee));
        }> },
    { "node-keys-swapped", CheckId::NodeKeysBound, "", "node's two keys are swapped",
        tampered<[](Exhibit& shown) { std::swap(shown.keys->tls, shown.keys->account); }> },
    { "node-keys-other", CheckId::NodeKeysBound, "", "node's account key is another",
        tampered<[](Exhibit& shown) { shown.keys->account.bytes[0] ^= 1; }> },
    { "receipt-changed", CheckId::ReceiptBound, "", "launch receipt has a space more than what was bound",
        with_another_receipt },
};

}  // namespace

std::span<Defect const> boot_defects() { return boot_table; }

std::span<Defect const> node_defects() { return node_table; }

}  // namespace mpc::simulator
