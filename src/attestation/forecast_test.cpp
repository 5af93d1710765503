#include "attestation/forecast.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "simulator/attested_node.h"

namespace mpc::attestation {
namespace {

using namespace std::chrono_literals;

constexpr crypto::Time start { std::chrono::days(20000) };

struct Forecast : testing::Test {
    simulator::BuiltNode built = simulator::AttestedNode::create(simulator::Seed(1), start).value().build().value();
    ForecastFacts facts;

    std::vector<Prospect> prospects() { return forecast(built.verify(), built.policy, facts); }
    /// The one prospect of that cause, or a failure.
    Prospect only(Cause cause)
    {
        std::vector<Prospect> found;
        for (auto const& prospect : prospects()) {
            if (prospect.cause == cause)
                found.push_back(prospect);
        }
        EXPECT_EQ(found.size(), 1U) << name_of(cause);
        return found.empty() ? Prospect {} : found.front();
    }
    bool has(Cause cause)
    {
        auto const all = prospects();
        return std::ranges::find(all, cause, &Prospect::cause) != all.end();
    }
};

TEST_F(Forecast, BeginsWithWhatEndsFirst)
{
    auto const all = prospects();
    ASSERT_FALSE(all.empty());
    EXPECT_TRUE(std::ranges::is_sorted(all, {}, &Prospect::when));
    EXPECT_EQ(all.front().when, *built.verify().valid_until);
}

TEST_F(Forecast, HasAProspectForEachWindow)
{
    auto const report = built.verify();
    auto const all = prospects();
    for (auto const& window : report.windows) {
        auto const found = std::ranges::find(all, window.what, &Prospect::what);
        ASSERT_NE(found, all.end()) << window.what;
        EXPECT_EQ(found->when, window.until);
        EXPECT_EQ(found->cause, window.kind == WindowKind::Certificate ? Cause::Certificate : Cause::Collateral);
    }
}

TEST_F(Forecast, TellsTheEndOfAnAttestationSevenDaysAfterItWasSubmitted)
{
    EXPECT_FALSE(has(Cause::AttestationAge));
    facts.submitted_at = start - 1h;
    EXPECT_EQ(only(Cause::AttestationAge).when, start - 1h + std::chrono::days(7));
}

TEST_F(Forecast, TellsTheDeadlineOfTheImage)
{
    EXPECT_FALSE(has(Cause::ImageDigest));
    facts.image_digest_deadline = start + 5h;
    EXPECT_EQ(only(Cause::ImageDigest).when, start + 5h);
}

TEST_F(Forecast, TellsWhenThePolicysAgeIsReached)
{
    EXPECT_FALSE(has(Cause::CollateralAge));
    built.policy.maximum_collateral_age = std::chrono::days(10);
    auto const prospect = only(Cause::CollateralAge);
    EXPECT_LE(prospect.when, start + std::chrono::days(10));
    auto moved = built;
    moved.now = prospect.when;
    EXPECT_EQ(moved.verify().verdict, Verdict::Trusted);
    moved.now = prospect.when + 1s;
    EXPECT_TRUE(moved.verify().checks[CheckId::CollateralAge].result == CheckResult::Fail);
}

TEST_F(Forecast, TellsThatIntelMayJudgeAnew)
{
    auto const report = built.verify();
    auto const info = std::ranges::find(report.windows, "TCB Info", &Window::what);
    EXPECT_EQ(only(Cause::TcbRecovery).when, info->until);
}

TEST_F(Forecast, LeavesOutWhatHasEnded)
{
    facts.image_digest_deadline = start - 1s;
    EXPECT_FALSE(has(Cause::ImageDigest));
    facts.image_digest_deadline = start;
    EXPECT_TRUE(has(Cause::ImageDigest));
}

}  // namespace
}  // namespace mpc::attestation
