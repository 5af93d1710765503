#include "config/text.h"

#include <string>

#include <gtest/gtest.h>

namespace mpc::config {
namespace {

TEST(Text, IsTrimmedOfSpacesTabsAndCarriageReturns)
{
    EXPECT_EQ(trim(" \t a b \r"), "a b");
    EXPECT_EQ(trim(" \t\r"), "");
    EXPECT_EQ(trim("\va\v"), "\va\v");
}

TEST(Text, IsTakenLineByLine)
{
    std::string_view rest = "a\n\nb";
    EXPECT_EQ(take_line(rest), "a");
    EXPECT_EQ(take_line(rest), "");
    EXPECT_EQ(take_line(rest), "b");
    EXPECT_TRUE(rest.empty());
}

TEST(PlausibleName, IsAnIdentifierOfAtMost64Characters)
{
    EXPECT_TRUE(is_plausible_name("MPC_A1"));
    EXPECT_TRUE(is_plausible_name("_x"));
    EXPECT_TRUE(is_plausible_name(std::string(64, 'a')));
    EXPECT_FALSE(is_plausible_name(std::string(65, 'a')));
    EXPECT_FALSE(is_plausible_name(""));
    EXPECT_FALSE(is_plausible_name("1a"));
    EXPECT_FALSE(is_plausible_name("a b"));
    EXPECT_FALSE(is_plausible_name("a/b"));
    EXPECT_FALSE(is_plausible_name("a\n"));
}

TEST(TomlTable, IsNamedByHeadersAndAssignments)
{
    for (auto const* line : { "[launcher_config]", "[ mpc_node_config ]", "[mpc_node_config.node]",
             "[[mpc_node_config.x]]", "[\"launcher_config\"]", "launcher_config = {}",
             "launcher_config.image_reference='a'", "'mpc_node_config' ={}" })
        EXPECT_TRUE(names_toml_table(line)) << line;
}

TEST(TomlTable, IsNotNamedByOtherKeysThatBeginAlike)
{
    for (auto const* line : { "", "[", "[other]", "launcher_config", "launcher_config_x=1", "[launcher_configs]",
             "MPC_NODE_CONFIG=1", "x=launcher_config" })
        EXPECT_FALSE(names_toml_table(line)) << line;
}

}  // namespace
}  // namespace mpc::config
