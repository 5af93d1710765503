// How the forms are told apart, what both refuse, that nothing leaks, and genuine inputs.
#include <cstdlib>

#include "config/testing.h"
#include "support/temporary_directory.h"

namespace mpc::config {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

bool is_toml(std::string_view content) { return std::holds_alternative<NodeConfigFile>(read_good(content).node); }

// --- forms ---

TEST(UserConfigForm, IsTomlWhenItBeginsWithATable)
{
    EXPECT_TRUE(is_toml(toml("")));
    EXPECT_TRUE(is_toml("# A=b\n\n   \t\n" + toml("")));
    EXPECT_TRUE(is_toml("[mpc_node_config]\n[launcher_config]\nimage_reference='a'\nport_mappings=[]"));
    EXPECT_THAT(message_of_bad("[other]\nA=b"), HasSubstr("not valid TOML"));
}

TEST(UserConfigForm, IsTomlWhenItAssignsToATable)
{
    EXPECT_TRUE(is_toml("launcher_config = { image_reference = 'a', port_mappings = [] }\nmpc_node_config = {}"));
    EXPECT_TRUE(is_toml("\"mpc_node_config\" = {}\n[launcher_config]\nimage_reference='a'\nport_mappings=[]"));
}

TEST(UserConfigForm, IsKeyValueOtherwise)
{
    EXPECT_FALSE(is_toml("# [launcher_config]\nMPC_ENV=testnet"));
    EXPECT_FALSE(is_toml("bad line\nMPC_ENV=[launcher_config]"));
}

TEST(UserConfigForm, MayHaveWindowsLineEndsAndAByteOrderMark)
{
    auto const config = read_good("\xef\xbb\xbfMPC_ENV=testnet\r\nMPC_A=1\r\n");
    EXPECT_EQ(variables_of(config),
        (std::map<std::string, std::string> { { "MPC_ENV", "testnet" }, { "MPC_A", "1" } }));
    EXPECT_TRUE(
        is_toml("\xef\xbb\xbf[launcher_config]\r\nimage_reference='a'\r\nport_mappings=[]\r\n[mpc_node_config]\r\n"));
}

// --- refused in both ---

TEST(UserConfig, IsRefusedWhenItIsEmptyOrHasCommentsOnly)
{
    for (auto const* content : { "", "\n", " \t\r\n", "# comment", "# one\n\n  # two\n", "\xef\xbb\xbf" })
        EXPECT_THAT(message_of_bad(content), HasSubstr("empty")) << content;
}

TEST(UserConfig, IsRefusedWithANul)  // B31
{
    EXPECT_THAT(message_of_bad(std::string_view("MPC_A=a\0b", 9)), HasSubstr("NUL"));
    EXPECT_THAT(message_of_bad(toml("") + std::string(1, '\0')), HasSubstr("NUL"));
}

TEST(UserConfig, IsRefusedWhenItIsNotUtf8)  // C8
{
    EXPECT_THAT(message_of_bad("MPC_A=\xff"), HasSubstr("UTF-8"));
    EXPECT_THAT(message_of_bad(toml("a = \"\xc3\"")), HasSubstr("UTF-8"));
}

TEST(UserConfig, IsRefusedBeyondOneMiB)
{
    std::string const content = "MPC_A=1\n#";
    EXPECT_TRUE(read(content + std::string(1048576 - content.size(), 'x')).ok());
    EXPECT_THAT(message_of_bad(content + std::string(1048577 - content.size(), 'x')), HasSubstr("1 MiB"));
}

// --- nothing leaks ---

constexpr std::string_view canary = "c4n4ry5ecret";

void expect_silent(std::string_view content, Platform platform)
{
    auto const result = read(content, platform);
    if (!result.ok()) {
        EXPECT_THAT(result.error().message(), Not(HasSubstr(canary))) << content;
        EXPECT_THAT(result.error().remedy(), Not(HasSubstr(canary))) << content;
        return;
    }
    EXPECT_THAT(warnings_of(*result), Not(HasSubstr(canary))) << content;
    bool const is_marked =
        std::ranges::any_of(sensitive_of(*result), [](auto const& text) { return text.find(canary) != text.npos; });
    EXPECT_TRUE(is_marked) << content;
}

/// The text with each '@' a canary.
std::string with_canaries(std::string_view text)
{
    std::string result;
    for (char const c : text)
        result += c == '@' ? std::string(canary) : std::string(1, c);
    return result;
}

class Canary : public ::testing::TestWithParam<char const*> {};

TEST_P(Canary, IsInNoErrorRemedyOrWarning)
{
    for (auto const platform : { Platform::Tee, Platform::NonTee })
        expect_silent(with_canaries(GetParam()), platform);
}

INSTANTIATE_TEST_SUITE_P(InKeyValue, Canary,
    ::testing::Values("MPC_A=@", "MPC_A=@\nMPC_A=@x", "UNKNOWN=@", "MPC_ACCOUNT_SK=@", "IMAGE_HASH=@",
        "MPC_IMAGE_HASH=@", "MPC_A=1\n@", "MPC_A=1\n=@", "MPC_A=1\n@=", "MPC_A=1\n@==", "MPC_A=1\n-@=x",
        "MPC_A=1\n@ @=x", "@", "MPC_A=@ LD_PRELOAD", "MPC_A=@\x01", "MPC_IMAGE_NAME=@", "MPC_IMAGE_NAME=@/@:@",
        "MPC_IMAGE_NAME=@/@ ", "MPC_IMAGE_NAME=X@", "LAUNCHER_IMAGE_NAME=@\nMPC_IMAGE_NAME=@2", "MPC_IMAGE_TAGS=@",
        "MPC_IMAGE_TAGS=a,-@", "MPC_IMAGE_TAGS=@,@ @", "MPC_REGISTRY=@", "MPC_REGISTRY=@.io", "MPC_REGISTRY=http://@",
        "MPC_HASH_OVERRIDE=@", "MPC_HASH_OVERRIDE=sha256:@", "ENV_VAR_MPC_HASH_OVERRIDE=@\nMPC_HASH_OVERRIDE=@2",
        "RPC_MAX_ATTEMPTS=@", "RPC_REQUEST_TIMEOUT_SECS=@", "RPC_REQUST_INTERVAL_SECS=1@", "PORTS=@",
        "PORTS=80:@,@:80,80:80,80:80", "PORTS=80:80,80:81,@", "MPC_HASH_OVERIDE=@", "MPC_A=@\n[launcher_config]\nx=@"));

INSTANTIATE_TEST_SUITE_P(InToml, Canary,
    ::testing::Values("[launcher_config]\nimage_reference='a/@:@'\nport_mappings=[]\n[mpc_node_config]\na='@'",
        "[launcher_config]\nimage_reference='X@'\nport_mappings=[]\n[mpc_node_config]",
        "[launcher_config]\nimage_reference=[1, '@']\nport_mappings=[]\n[mpc_node_config]",
        "[launcher_config]\nimage_reference='a'\nport_mappings='@'\n[mpc_node_config]",
        "[launcher_config]\nimage_reference='a'\nport_mappings=['@']\n[mpc_node_config]",
        "[launcher_config]\nimage_reference='a'\nport_mappings=[{host='@',container=1}]\n[mpc_node_config]",
        "[launcher_config]\nimage_reference='a'\nport_mappings=[{'@ @'=1}]\n[mpc_node_config]",
        "[launcher_config]\nimage_reference='a'\nport_mappings=[]\nmpc_hash_override='@'\n[mpc_node_config]",
        "[launcher_config]\nimage_reference='a'\nport_mappings=[]\npull_max_retries='@'\n[mpc_node_config]",
        "[launcher_config]\nimage_reference='a'\nport_mappings=[]\nunknown='@'\n[mpc_node_config]",
        "[launcher_config]\nimage_reference='a'\nport_mappings=[]\n'@ @'='@'\n[mpc_node_config]",
        "[launcher_config]\n@", "[launcher_config]\na=@", "[launcher_config]\na='@", "[launcher_config]\na='@'@",
        "[launcher_config]\na=\"\\@\"", "[launcher_config]\na.@ = 1\na.@ = 2", "[@", "[@]]",
        "[launcher_config]\n[launcher_config]\n@=1",
        "[launcher_config]\nimage_reference='a'\nport_mappings=[]\n[mpc_node_config]\ntee='@'",
        "[launcher_config]\nimage_reference='a'\nport_mappings=[]\n[mpc_node_config]\n[mpc_node_config.gcp]\n"
        "project_id='@'",
        "[launcher_config]\nimage_reference='a'\nport_mappings=[]\n[mpc_node_config]\na=[['@'],{b='@'}]",
        "mpc_node_config='@'\nlauncher_config='@'"));

// --- genuine inputs ---

class GenuineUserConfig : public ::testing::Test {
protected:
    void SetUp() override
    {
        auto const* vectors = std::getenv("REFERENCE_VECTORS");
        if (!vectors)
            GTEST_SKIP() << "skipped: no reference vectors";
        m_directory = std::filesystem::path(vectors) / "near-mpc";
    }
    std::string content(char const* name) const { return test::content_of(m_directory / name); }

private:
    std::filesystem::path m_directory;
};

TEST_F(GenuineUserConfig, InTomlIsReadWithoutAWarning)
{
    auto const config = read_good(content("user-config.toml"));
    EXPECT_EQ(config.image.repository(), "nearone/mpc-node");
    EXPECT_THAT(config.ports,
        ElementsAre(PortMapping { 80, 80 }, PortMapping { 8080, 8080 }, PortMapping { 8079, 8079 },
            PortMapping { 3030, 3030 }, PortMapping { 24567, 24567 }));
    EXPECT_THAT(config.warnings, IsEmpty());
    EXPECT_THAT(node_table_of(config),
        AllOf(HasSubstr("[[pccs_endpoints]]"), HasSubstr("[node.indexer]"), HasSubstr("home_dir = \"/data\""),
            Not(HasSubstr("launcher_config"))));
}

TEST_F(GenuineUserConfig, InKeyValueIsReadWithoutAWarning)
{
    auto const config = read_good(content("user-config.conf"));
    EXPECT_EQ(config.image.repository(), "nearone/mpc-node");
    EXPECT_THAT(config.tags, ElementsAre("3.6.0"));
    EXPECT_THAT(config.ports,
        ElementsAre(PortMapping { 8080, 8080 }, PortMapping { 3030, 3030 }, PortMapping { 80, 80 },
            PortMapping { 24567, 24567 }));
    EXPECT_THAT(config.warnings, IsEmpty());
    auto const variables = variables_of(config);
    EXPECT_EQ(variables.size(), 9U);
    EXPECT_EQ(variables.at("MPC_HOME_DIR"), "/data");
    EXPECT_TRUE(variables.at("NEAR_BOOT_NODES").starts_with("ed25519:"));
}

}  // namespace
}  // namespace mpc::config
