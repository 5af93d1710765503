// What runs: which operating system, which application, which node.
#include <algorithm>

#include <gtest/gtest.h>

#include "support/test_node.h"
#include "support/verification.h"

namespace mpc::attestation {
namespace {

using test::BuiltNode;
using test::failed_checks;
using test::runtime_event;
using test::TestNode;

std::string failures(BuiltNode const& node)
{
    auto const report = node.verify();
    EXPECT_EQ(report.verdict == Verdict::Trusted, failed_checks(report).empty());
    return failed_checks(report);
}

TEST(NodeChecks, MeasurementsNameTheRegisterThatDiffers)
{
    auto const good = TestNode().build();
    std::pair<Sha384 MeasurementSet::*, std::string> const registers[] = { { &MeasurementSet::mrtd, "mrtd_expected" },
        { &MeasurementSet::rtmr0, "rtmr0_expected" }, { &MeasurementSet::rtmr1, "rtmr1_expected" },
        { &MeasurementSet::rtmr2, "rtmr2_expected" },
        { &MeasurementSet::key_provider_digest, "key_provider_expected" } };
    for (auto const& [value, name] : registers) {
        auto bad = good;
        (bad.policy.measurements[0].*value)[0] ^= 1;
        EXPECT_EQ(failures(bad), name);
    }
}

TEST(NodeChecks, MeasurementsMustBeThoseOfOneSet)
{
    auto built = TestNode().build();
    auto second = built.policy.measurements[0];
    built.policy.measurements[0].rtmr0[0] ^= 1;
    second.rtmr2[0] ^= 1;
    built.policy.measurements.push_back(second);
    EXPECT_EQ(failures(built), "rtmr0_expected");
}

TEST(NodeChecks, MeasurementsOfAnEmptyPolicyAreRefused)
{
    auto built = TestNode().build();
    built.policy.measurements.clear();
    EXPECT_EQ(failures(built), "mrtd_expected rtmr0_expected rtmr1_expected rtmr2_expected key_provider_expected");
}

TEST(NodeChecks, ComposeHashIsOverTheExactBytes)
{
    auto built = TestNode().build();
    *built.evidence.app_compose += "\n";
    EXPECT_EQ(failures(built), "compose_hash mr_config_id");
}

TEST(NodeChecks, ComposeHashNeedsAnAppCompose)
{
    auto built = TestNode().build();
    built.evidence.app_compose.reset();
    EXPECT_EQ(failures(built), "compose_hash");
}

TEST(NodeChecks, ComposeHashMustBeTheMeasuredOne)
{
    TestNode node;
    auto const event = std::ranges::find(node.log, "compose-hash", &evidence::Event::name);
    *event = runtime_event("compose-hash", Bytes(32));
    EXPECT_EQ(failures(node.build()), "compose_hash");
}

TEST(NodeChecks, MrConfigIdIsFormOne)
{
    for (auto const offset : { 0U, 1U, 32U, 33U, 47U }) {
        TestNode node;
        node.quote.td.mr_config_id[offset] ^= 3;
        EXPECT_EQ(failures(node.build()), "mr_config_id");
    }
}

TEST(NodeChecks, AppComposeRulesAreTheNetworks)
{
    TestNode node;
    auto text = node.app_compose;
    text.replace(text.find("\"kms_enabled\": false"), 20, "\"kms_enabled\": true");
    node.set_app_compose(text);
    EXPECT_EQ(failures(node.build()), "app_compose_rules");
}

TEST(NodeChecks, LauncherComposeAllowedComparesTheStringsBytes)
{
    TestNode node;
    auto text = node.app_compose;
    text.replace(text.find("services:"), 9, "services: ");
    node.set_app_compose(text);
    auto built = node.build();
    EXPECT_EQ(failures(built), "");
    built.policy.launcher_compose_hashes = TestNode().build().policy.launcher_compose_hashes;
    EXPECT_EQ(failures(built), "launcher_compose_allowed");
}

TEST(NodeChecks, LauncherComposeAllowedRefusesEverythingWhenTheListIsEmpty)
{
    auto built = TestNode().build();
    built.policy.launcher_compose_hashes.clear();
    EXPECT_EQ(failures(built), "launcher_compose_allowed");
}

TEST(NodeChecks, ImageDigestEventMustBeThereExactlyOnce)
{
    TestNode node;
    node.log.push_back(node.log.back());
    EXPECT_EQ(failures(node.build()), "image_digest_event");
    node.log.resize(node.log.size() - 2);
    EXPECT_EQ(failures(node.build()), "image_digest_event");
}

TEST(NodeChecks, ImageDigestEventMustBe32Bytes)
{
    TestNode node;
    node.log.back() = runtime_event("mpc-image-digest", Bytes(31));
    EXPECT_EQ(failures(node.build()), "image_digest_event");
}

TEST(NodeChecks, ImageDigestEventMustComeAfterSystemReady)
{
    TestNode node;
    std::swap(node.log[node.log.size() - 1], node.log[node.log.size() - 2]);
    EXPECT_EQ(failures(node.build()), "image_digest_event");
}

TEST(NodeChecks, ImageDigestAllowedRefusesAnyOtherAndEverythingWhenTheListIsEmpty)
{
    auto built = TestNode().build();
    built.policy.image_digests = { image::ImageDigest(std::array<std::uint8_t, 32> { 0xac }) };
    EXPECT_EQ(failures(built), "image_digest_allowed");
    built.policy.image_digests.clear();
    EXPECT_EQ(failures(built), "image_digest_allowed");
}

TEST(NodeChecks, NodeKeysBoundRefusesOtherKeysAndTheirSwap)
{
    auto built = TestNode().build();
    std::swap(built.evidence.node_keys->tls, built.evidence.node_keys->account);
    EXPECT_EQ(failures(built), "node_keys_bound");
}

TEST(NodeChecks, WhatIsAllowedIsShown)
{
    auto built = TestNode().build();
    auto const expected = [&] { return built.verify().checks[CheckId::ImageDigestAllowed].expected; };
    built.policy.image_digests = { image::ImageDigest(std::array<std::uint8_t, 32> { 0xee }) };
    EXPECT_EQ(expected(), "sha256:ee" + std::string(62, '0'));
    built.policy.image_digests.emplace_back(std::array<std::uint8_t, 32> { 0xff });
    EXPECT_EQ(expected(), "one of: sha256:ee" + std::string(62, '0') + ", sha256:ff" + std::string(62, '0'));
    built.policy.image_digests.resize(10, built.policy.image_digests.front());
    EXPECT_TRUE(expected().ends_with(" and 2 more"));
    built.policy.image_digests.clear();
    EXPECT_EQ(expected(), "nothing is allowed");
}

TEST(NodeChecks, NodeKeysBoundNeedsKeysOrAReceipt)
{
    auto built = TestNode().build();
    built.evidence.node_keys.reset();
    EXPECT_EQ(failures(built), "node_keys_bound");
}

TEST(NodeChecks, ReceiptBoundIsOverTheExactBytes)
{
    TestNode node;
    node.receipt = "{}";
    auto built = node.build();
    EXPECT_EQ(failures(built), "");
    built.evidence.receipt = "{ }";
    EXPECT_EQ(failures(built), "receipt_bound");
}

TEST(NodeChecks, NonceBoundRefusesAnOldQuote)
{
    auto built = TestNode().build();
    built.evidence.node_keys.reset();
    built.evidence.nonce = built.evidence.quote.td.report_data;
    EXPECT_EQ(failures(built), "");
    built.evidence.nonce->back() ^= 1;
    EXPECT_EQ(failures(built), "nonce_bound");
}

TEST(NodeChecks, Rtmr3PredictedNamesTheFirstEventThatDiffers)
{
    auto built = TestNode().build();
    auto& predicted = built.evidence.predicted;
    predicted = built.evidence.event_log;
    EXPECT_EQ(failures(built), "");
    predicted->back().payload[0] ^= 1;
    EXPECT_EQ(failures(built), "rtmr3_predicted");
    EXPECT_EQ(built.verify().checks[CheckId::Rtmr3Predicted].found,
        "RTMR3 event 9: \"mpc-image-digest\" " + to_hex(built.evidence.event_log->back().payload));
    predicted->pop_back();
    EXPECT_EQ(failures(built), "rtmr3_predicted");
    EXPECT_EQ(built.verify().checks[CheckId::Rtmr3Predicted].expected, "RTMR3 event 9: none");
}

TEST(NodeChecks, AreLeftOutWhenOnlyThePlatformIsAsked)
{
    auto built = TestNode().build();
    built.evidence = Evidence { .quote = built.evidence.quote };
    built.policy.image_digests.clear();
    built.policy.scope = Scope::Platform;
    auto const report = built.verify();
    EXPECT_EQ(failed_checks(report), "");
    EXPECT_EQ(report.verdict, Verdict::Trusted);
    EXPECT_EQ(report.scope, Scope::Platform);
    for (auto id = static_cast<std::size_t>(CheckId::EventTypes); id < check_count; ++id)
        EXPECT_EQ(report.checks[static_cast<CheckId>(id)].result, CheckResult::NotApplicable);
}

TEST(NodeChecks, AQuoteAloneIsNoTrustedNode)
{
    auto built = TestNode().build();
    built.evidence = Evidence { .quote = built.evidence.quote };
    EXPECT_EQ(built.verify().verdict, Verdict::NotTrusted);
}

TEST(NodeChecks, ADefaultPolicyTrustsNobody)
{
    auto built = TestNode().build();
    Policy policy;
    policy.allow(SimulatedRoot { built.collateral.pck_crl_chain[1].der() });
    built.policy = policy;
    EXPECT_EQ(built.verify().verdict, Verdict::NotTrusted);
}

}  // namespace
}  // namespace mpc::attestation
