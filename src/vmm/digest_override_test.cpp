#include "vmm/digest_override.h"

#include <gtest/gtest.h>

#include "config/user_config.h"
#include "support/plans.h"

namespace mpc::vmm {
namespace {

using test::digest_of;

std::string changed(std::string_view user_config, char digest = 'e')
{
    auto const result = with_override(user_config, digest_of(digest));
    EXPECT_TRUE(result.ok()) << result.error().message();
    return result.ok() ? result->reveal() : "";
}

auto override_of(std::string_view user_config)
{
    return config::read_user_config(user_config, config::Platform::Tee)->override_digest;
}

TEST(DigestOverride, IsAddedToToml)
{
    std::string const text =
        "# mine\n[launcher_config]\nimage_reference = \"a/b\"\nport_mappings = []\n\n[mpc_node_config]\nx = 1\n";
    EXPECT_EQ(changed(text),
        "# mine\n[launcher_config]\nmpc_hash_override = \"" + digest_of('e').text()
            + "\"\nimage_reference = \"a/b\"\nport_mappings = []\n\n[mpc_node_config]\nx = 1\n");
}

TEST(DigestOverride, IsAddedAfterAHeaderHoweverTomlLetsItBeWritten)
{
    for (std::string const header : { "[launcher_config] # mine", "[ launcher_config ]", "\t[launcher_config]#x",
             "[\"launcher_config\"]", "['launcher_config']", "[launcher_config]\r" }) {
        auto const text = header + "\nimage_reference = \"a/b\"\nport_mappings = []\n[mpc_node_config]\nx = 1\n";
        auto const after = changed(text);
        EXPECT_EQ(override_of(after), digest_of('e')) << header;
        EXPECT_TRUE(after.starts_with(header + "\n")) << after;
    }
}

TEST(DigestOverride, IsReplacedWhereItsNameIsInQuotes)
{
    auto const text = "[launcher_config]\nimage_reference = \"a/b\"\nport_mappings = []\n\"mpc_hash_override\" = \""
        + digest_of('a').text() + "\"\n[mpc_node_config]\nx = 1\n";
    EXPECT_EQ(override_of(changed(text)), digest_of('e'));
}

TEST(DigestOverride, IsReplacedInBothForms)
{
    for (auto const* text : { test::toml_config, test::key_value_config }) {
        auto const once = changed(text, 'e');
        EXPECT_EQ(override_of(once), digest_of('e'));
        auto const twice = changed(once, 'f');
        EXPECT_EQ(override_of(twice), digest_of('f'));
        EXPECT_EQ(twice.size(), once.size());
    }
}

TEST(DigestOverride, LeavesATextThatHasItAlreadyByteForByte)
{
    auto const once = changed(test::toml_config) + "\n\n# end";
    EXPECT_EQ(changed(once), once);
}

TEST(DigestOverride, ReplacesTheOldNameOf2025)
{
    auto const text =
        std::string(test::key_value_config) + "\nENV_VAR_MPC_HASH_OVERRIDE=" + digest_of('a').text() + "\n";
    auto const after = changed(text);
    EXPECT_EQ(after.find("ENV_VAR_MPC_HASH_OVERRIDE"), std::string::npos);
    EXPECT_EQ(override_of(after), digest_of('e'));
}

TEST(DigestOverride, RefusesWhatItCannotChangeAlone)
{
    for (std::string const text : {
             "",
             "nonsense",
             // No line of its own to add it after.
             "launcher_config = { image_reference = \"a/b\", port_mappings = [] }\n[mpc_node_config]\nx = 1\n",
             // What only looks like the header is text of the node's.
             "mpc_node_config.x = '''\n[launcher_config]\n'''\nlauncher_config.image_reference = \"a/b\"\n"
             "launcher_config.port_mappings = []\n",
             // The node's own setting of the same name would be lost.
             "[launcher_config]\nimage_reference = \"a/b\"\nport_mappings = []\n[mpc_node_config]\nmpc_hash_override = "
             "1\n",
         }) {
        auto const refused = with_override(text, digest_of('e'));
        ASSERT_FALSE(refused.ok()) << text;
        EXPECT_FALSE(refused.error().remedy().empty());
    }
}

}  // namespace
}  // namespace mpc::vmm
