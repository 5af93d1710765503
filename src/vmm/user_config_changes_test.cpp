#include "vmm/user_config_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/plans.h"

namespace mpc::vmm {
namespace {

using test::digest_of;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

/// "field: before -> after" of each change.
std::vector<std::string> changes(std::string_view before, std::string_view after)
{
    std::vector<std::string> texts;
    for (auto const& [field, was, is] : user_config_changes(before, after))
        texts.push_back(field + ": " + was.value_or("none") + " -> " + is.value_or("none"));
    for (auto const& text : texts)
        EXPECT_THAT(text, Not(::testing::HasSubstr("canary")));
    return texts;
}

std::string toml(std::string const& launcher, std::string const& node)
{
    return "[launcher_config]\nimage_reference = \"a/b\"\n" + launcher + "[mpc_node_config]\n" + node;
}

TEST(UserConfigChanges, NamesWhatChangedCameAndWentInKeyValueLines)
{
    EXPECT_THAT(changes("MPC_ACCOUNT_ID=canary-1\nPORTS=80:80\nMPC_ENV=canary\n",
                    "MPC_ACCOUNT_ID=canary-2\nMPC_ENV=canary\nMPC_HOME_DIR=canary-4\n"),
        UnorderedElementsAre("user_config: MPC_ACCOUNT_ID: (not shown) -> (another)",
            "user_config: PORTS: (not shown) -> none", "user_config: MPC_HOME_DIR: none -> (not shown)"));
}

TEST(UserConfigChanges, NamesWhatChangedInTablesOfToml)
{
    EXPECT_THAT(changes(toml("port_mappings = []\n", "a.b = \"canary-1\"\nlist = [1]\n"),
                    toml("port_mappings = [{ host = 1, container = 1 }]\n", "a.b = \"canary-2\"\nlist = [1]\n")),
        UnorderedElementsAre("user_config: launcher_config.port_mappings: (not shown) -> (another)",
            "user_config: mpc_node_config.a.b: (not shown) -> (another)"));
}

TEST(UserConfigChanges, TellsTheDigestsOfTheOverride)
{
    auto const line = [](char c) {
        return "mpc_hash_override = \"" + digest_of(c).text() + "\"\nport_mappings = []\n";
    };
    auto const none = toml("port_mappings = []\n", "");
    EXPECT_THAT(changes(toml(line('a'), ""), toml(line('b'), "")),
        ElementsAre("user_config: image override: " + digest_of('a').text() + " -> " + digest_of('b').text()));
    EXPECT_THAT(changes(none, toml(line('b'), "")),
        ElementsAre("user_config: image override: none -> " + digest_of('b').text()));
    EXPECT_THAT(changes("PORTS=80:80\nENV_VAR_MPC_HASH_OVERRIDE=" + digest_of('a').text() + "\n", "PORTS=80:80\n"),
        ElementsAre("user_config: image override: " + digest_of('a').text() + " -> none"));
}

TEST(UserConfigChanges, ShowsNoNameThatMayBeAValue)
{
    EXPECT_THAT(changes(toml("port_mappings = []\n", ""), toml("port_mappings = []\n", "\"canary key\" = 1\n")),
        ElementsAre("user_config: mpc_node_config.(a key): none -> (not shown)"));
}

TEST(UserConfigChanges, SaysWhenOnlyTheWritingDiffers)
{
    EXPECT_THAT(changes("PORTS=80:80\n", "# canary\nPORTS = 80:80\n"),
        ElementsAre("user_config: (the same settings) -> (written otherwise)"));
}

TEST(UserConfigChanges, NamesNothingOfATextThatTheLauncherCannotRead)
{
    EXPECT_THAT(changes("", "PORTS=80:80\n"), ElementsAre("user_config: (another) -> (this one)"));
}

}  // namespace
}  // namespace mpc::vmm
