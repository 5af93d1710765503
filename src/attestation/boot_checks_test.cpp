// What dstack measured: each test makes the event log wrong in exactly one way.
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

evidence::EventLog::iterator find(evidence::EventLog& log, std::string_view name)
{
    return std::ranges::find(log, name, &evidence::Event::name);
}

TEST(BootChecks, EventTypesRefusesAnyButDstacksRuntimeType)
{
    TestNode node;
    find(node.log, "storage-fs")->type = 4;
    EXPECT_EQ(failures(node.build()), "event_types");
}

TEST(BootChecks, EventDigestsAreRecomputedAndNeverBelieved)
{
    TestNode node;
    find(node.log, "mpc-image-digest")->digest = Sha384 {};
    EXPECT_EQ(failures(node.build()), "event_digests");
}

TEST(BootChecks, EventDigestsMayBeLeftOutOfTheLog)
{
    TestNode node;
    for (auto& event : node.log) {
        if (event.imr == 3)
            event.digest.reset();
    }
    EXPECT_EQ(failures(node.build()), "");
}

/// A genuine digest beside another payload: the register gives it away.
TEST(BootChecks, Rtmr3ReplayRefusesAPayloadUnderAGenuineDigest)
{
    auto built = TestNode().build();
    find(*built.evidence.event_log, "mpc-image-digest")->payload[0] ^= 1;
    EXPECT_EQ(failures(built), "event_digests rtmr3_replay");
}

TEST(BootChecks, EventNamesRefusesAColon)
{
    TestNode node;
    node.log.push_back(runtime_event("my:event", { 1 }));
    EXPECT_EQ(failures(node.build()), "event_names");
}

TEST(BootChecks, EventsOfAnApplicationAreNobodysBusiness)
{
    TestNode node;
    node.log.push_back(runtime_event("my-event", { 1 }));
    EXPECT_EQ(failures(node.build()), "");
}

TEST(BootChecks, BootRtmrReplayNamesTheRegister)
{
    auto const good = TestNode().build();
    for (std::uint32_t imr = 0; imr < 3; ++imr) {
        auto bad = good;
        auto const event = std::ranges::find(*bad.evidence.event_log, imr, &evidence::Event::imr);
        event->digest = Sha384 {};
        EXPECT_EQ(failures(bad), "rtmr" + std::to_string(imr) + "_replay");
        event->digest.reset();
        EXPECT_EQ(failures(bad), "rtmr" + std::to_string(imr) + "_replay");
    }
}

TEST(BootChecks, Rtmr3ReplayRefusesAnEventTooManyTooFewAndNoLog)
{
    auto const good = TestNode().build();
    auto bad = good;
    bad.evidence.event_log->push_back(runtime_event("more"));
    EXPECT_EQ(failures(bad), "rtmr3_replay");
    bad = good;
    bad.evidence.event_log->pop_back();
    EXPECT_EQ(failures(bad), "rtmr3_replay");
    bad.evidence.event_log.reset();
    EXPECT_EQ(failures(bad), "rtmr3_replay");
}

ClaimedValues right_claims(BuiltNode const& node)
{
    auto const& td = node.evidence.quote.td;
    ClaimedValues claims { td.mrtd, {}, sha256({ as_bytes(*node.evidence.app_compose) }) };
    for (std::size_t i = 0; i < td.rtmrs.size(); ++i)
        claims.rtmrs[i] = td.rtmrs[i].value();
    return claims;
}

TEST(BootChecks, ClaimedValuesMustBeWhatIsProven)
{
    auto built = TestNode().build();
    auto& claimed = built.evidence.claimed;
    claimed = right_claims(built);
    EXPECT_EQ(failures(built), "");
    for (auto& rtmr : claimed->rtmrs) {
        rtmr[0] ^= 1;
        EXPECT_EQ(failures(built), "claimed_values");
        rtmr[0] ^= 1;
    }
    claimed->mrtd[0] ^= 1;
    EXPECT_EQ(failures(built), "claimed_values");
    claimed->mrtd[0] ^= 1;
    claimed->compose_hash[0] ^= 1;
    EXPECT_EQ(failures(built), "claimed_values");
}

TEST(BootChecks, BootEventsPresentNamesWhatIsMissing)
{
    TestNode node;
    node.log.erase(find(node.log, "boot-mr-done"));
    auto const report = node.build().verify();
    EXPECT_EQ(failed_checks(report), "boot_events_present");
    EXPECT_EQ(report.checks[CheckId::BootEventsPresent].found, "missing: boot-mr-done");
}

TEST(BootChecks, BootEventsOnceRefusesARepetitionEvenAfterSystemReady)
{
    TestNode node;
    node.log.push_back(*find(node.log, "compose-hash"));
    EXPECT_EQ(failures(node.build()), "boot_events_once");
}

TEST(BootChecks, BootEventsOrderIsDstacks)
{
    TestNode node;
    std::swap(*find(node.log, "app-id"), *find(node.log, "compose-hash"));
    EXPECT_EQ(failures(node.build()), "boot_events_order");
}

TEST(BootChecks, BootEventsOrderRefusesABootEventAfterSystemReady)
{
    TestNode node;
    node.log.push_back(runtime_event("os-image-hash", Bytes(32)));
    EXPECT_EQ(failures(node.build()), "boot_events_order");
}

TEST(BootChecks, BootEventsPayloadsHaveTheirSizes)
{
    TestNode node;
    *find(node.log, "app-id") = runtime_event("app-id", Bytes(21));
    EXPECT_EQ(failures(node.build()), "boot_events_payloads");
}

TEST(BootChecks, BelieveOnlyEventsOfRtmr3)
{
    TestNode node;
    auto image = find(node.log, "mpc-image-digest");
    image->imr = 2;
    EXPECT_EQ(failures(node.build()), "image_digest_event");
}

}  // namespace
}  // namespace mpc::attestation
