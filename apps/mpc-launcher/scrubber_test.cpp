#include <gtest/gtest.h>

#include "scrubber.h"

namespace mpc::launcher {
namespace {

std::string scrubbed(std::vector<std::string> const& values, std::string_view text)
{
    std::vector<Secret> secrets;
    for (auto const& value : values)
        secrets.emplace_back(value);
    return scrubber_of(secrets)(text);
}

TEST(Scrubber, ReplacesEachValueWhereverItStands)
{
    EXPECT_EQ(scrubbed({ "canary", "secret" }, "canary: no secret, canary"),
        "[user_config]: no [user_config], [user_config]");
    EXPECT_EQ(scrubbed({ "canary" }, "nothing of it"), "nothing of it");
}

TEST(Scrubber, GoesOnBehindThePlaceholderAlsoWhenAValueIsAPartOfIt)
{
    EXPECT_EQ(scrubbed({ "config", "user_config", "canary" }, "canary of config"), "[user_config] of [user_config]");
}

TEST(Scrubber, LeavesNothingOfValuesThatOverlap)
{
    EXPECT_EQ(scrubbed({ "abcdef", "cdefghij", "defabc" }, "-abcdefghij-abcdefabc-"), "-[user_config]-[user_config]-");
    EXPECT_EQ(scrubbed({ "canary", "canary-account.near" }, "canary-account.near"), "[user_config]");
}

}  // namespace
}  // namespace mpc::launcher
