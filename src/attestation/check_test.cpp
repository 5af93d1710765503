#include "attestation/check.h"

#include <set>

#include <gtest/gtest.h>

namespace mpc::attestation {
namespace {

TEST(Check, HasANameOfItsOwnAndAClause)
{
    std::set<std::string_view> names;
    for (auto const& check : Checklist()) {
        EXPECT_TRUE(names.insert(name_of(check.id)).second) << name_of(check.id);
        EXPECT_FALSE(clause_of(check.id).empty());
    }
    EXPECT_EQ(names.size(), check_count);
}

TEST(Checklist, HoldsOnlyWhenEveryCheckIsSettled)
{
    Checklist checks;
    for (std::size_t i = 0; i + 1 < check_count; ++i)
        checks.record(static_cast<CheckId>(i), true, "", "");
    EXPECT_FALSE(checks.all_hold());
    checks.does_not_apply(CheckId::Rtmr3Predicted, "no prediction");
    EXPECT_TRUE(checks.all_hold());
    EXPECT_FALSE(checks.record(CheckId::RootPinned, false, "", ""));
    EXPECT_FALSE(checks.all_hold());
}

TEST(Checklist, KeepsAFailure)
{
    Checklist checks;
    checks.record(CheckId::RootPinned, false, "bad", "good");
    EXPECT_FALSE(checks.record(CheckId::RootPinned, true, "good", "good"));
    checks.does_not_apply(CheckId::RootPinned, "never mind");
    EXPECT_EQ(checks[CheckId::RootPinned].result, CheckResult::Fail);
    EXPECT_EQ(checks[CheckId::RootPinned].found, "bad");
}

}  // namespace
}  // namespace mpc::attestation
