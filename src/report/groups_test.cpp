#include "report/groups.h"

#include <gtest/gtest.h>

namespace mpc::report {
namespace {

using attestation::Check;
using attestation::CheckResult;

Check check(CheckResult result, bool settled = true)
{
    return { .id = {}, .result = result, .settled = settled, .found = {}, .expected = {} };
}

Tally tally(std::vector<Check> const& checks) { return tally_of(checks); }

TEST(ReportGroups, HoldEveryCheckOnceAndInOrder)
{
    attestation::Checklist const checks;
    auto next = checks.begin();
    for (auto const& group : groups()) {
        for (auto const& each : checks_of(checks, group)) {
            ASSERT_EQ(&each, next++);
            EXPECT_EQ(&group_of(each.id), &group);
        }
    }
    EXPECT_EQ(next, checks.end());
}

TEST(ReportGroups, OneFailureFailsThemAll)
{
    auto const mixed = tally({ check(CheckResult::Pass), check(CheckResult::Fail), check(CheckResult::NotApplicable) });
    EXPECT_EQ(mixed.outcome(), Outcome::Fails);
    EXPECT_EQ(mixed.text(), "1 of 2 fails");
}

TEST(ReportGroups, NothingHoldsUntilAllIsSettled)
{
    auto const open = tally({ check(CheckResult::Pass), check(CheckResult::NotApplicable, false) });
    EXPECT_EQ(open.outcome(), Outcome::Unjudged);
    EXPECT_EQ(open.text(), "1 of 2 not judged");
    EXPECT_EQ(tally({ check(CheckResult::NotApplicable, false) }).text(), "not judged");
}

TEST(ReportGroups, WhatDoesNotApplyIsNoSuccess)
{
    auto const none = tally({ check(CheckResult::NotApplicable) });
    EXPECT_EQ(none.outcome(), Outcome::DoesNotApply);
    EXPECT_EQ(none.text(), "not judged");
}

TEST(ReportGroups, PassesHold)
{
    EXPECT_EQ(tally({ check(CheckResult::Pass), check(CheckResult::NotApplicable) }).text(), "1 check holds");
    EXPECT_EQ(tally({ check(CheckResult::Pass), check(CheckResult::Pass) }).text(), "2 checks hold");
}

}  // namespace
}  // namespace mpc::report
