#include "base/command_line.h"

#include <array>

#include <gtest/gtest.h>

namespace mpc {
namespace {

using Words = std::vector<std::string>;

TEST(CommandLineWords, AreThoseAfterTheProgramsNameFromTheEnd)
{
    constexpr std::array values { "mpcctl", "list", "--json" };
    EXPECT_EQ(command_line_words(3, values.data()), (Words { "--json", "list" }));
    EXPECT_EQ(command_line_words(1, values.data()), Words());
}

TEST(CommandLineWords, GiveAnOptionWithNothingBehindItsEqualsSignAnEmptyValue)
{
    constexpr std::array values { "mpcctl", "--name=", "--to=a=", "a=", "--=" };
    EXPECT_EQ(command_line_words(5, values.data()), (Words { "--=", "a=", "--to=a=", "", "--name" }));
}

}  // namespace
}  // namespace mpc
