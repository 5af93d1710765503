#include "config/nearest.h"

#include <array>

#include <gtest/gtest.h>

namespace mpc::config {
namespace {

constexpr std::array<std::string_view, 3> known { "host", "container", "most" };

TEST(Nearest, FindsTheNameItself)
{
    EXPECT_EQ(nearest("container", known).name, "container");
    EXPECT_EQ(nearest("container", known).distance, 0U);
}

TEST(Nearest, CountsInsertedRemovedAndChangedCharacters)
{
    EXPECT_EQ(nearest("contaainer", known).distance, 1U);
    EXPECT_EQ(nearest("containr", known).distance, 1U);
    EXPECT_EQ(nearest("contaiNer", known).distance, 1U);
    EXPECT_EQ(nearest("cotnainer", known).distance, 2U);
}

TEST(Nearest, TakesTheFirstOfSeveral) { EXPECT_EQ(nearest("ost", known).name, "host"); }

TEST(Nearest, MeasuresAgainstTheEmptyName)
{
    EXPECT_EQ(nearest("", known).name, "host");
    EXPECT_EQ(nearest("", known).distance, 4U);
}

}  // namespace
}  // namespace mpc::config
