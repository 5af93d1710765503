// The cases of section B on the variables of the node, by number.
#include "config/testing.h"

namespace mpc::config {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

using Variables = std::map<std::string, std::string>;

Variables variables_in(std::string_view content) { return variables_of(read_good(content)); }
std::string warnings_in(std::string_view content) { return warnings_of(read_good(content)); }

TEST(KeyValueVariables, AreGivenUnderTheAllowList)  // B22, B25, B35
{
    Variables const expected { { "MPC_FOO", "1" }, { "MPC_FOO_123", "2" }, { "MPC_A_B_C", "3" }, { "RUST_LOG", "info" },
        { "RUST_BACKTRACE", "full" }, { "NEAR_BOOT_NODES", "a,b" },
        { "MPC_BACKUP_ENCRYPTION_KEY_HEX", std::string(64, '0') }, { "MPC_NEW_FEATURE_FLAG", "1" } };
    std::string content;
    for (auto const& [name, value] : expected)
        content += name + "=" + value + "\n";
    auto const config = read_good(content);
    EXPECT_EQ(variables_of(config), expected);
    EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(KeyValueVariables, MayHave64CharactersAfterThePrefix)  // B22
{
    auto const name = "MPC_" + std::string(64, 'A');
    EXPECT_EQ(variables_in(name + "=1").count(name), 1U);
    EXPECT_THAT(variables_in(name + "A=1"), IsEmpty());
}

TEST(KeyValueVariables, AreDroppedOutsideTheAllowList)  // B23, B26, B27
{
    for (auto const* key : { "MPC_foo", "MPC-FOO", "MPC.FOO", "MPC_", "BAD_KEY", "--env LD_PRELOAD", "-e LD_PRELOAD",
             "PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "GLIBC_TUNABLES", "HTTP_PROXY", "GCP_PROJECT_ID",
             "PLATFORM", "RUST_LOG_X", "XMPC_A", "MPC_\xc3\x84", "NEAR_TESTS_PROTOCOL_UPGRADE_OVERRIDE" }) {
        auto const config = read_good("MPC_ACCOUNT_ID=safe\n" + std::string(key) + "=should_not_be_used");
        EXPECT_THAT(variables_of(config), UnorderedElementsAre(Pair("MPC_ACCOUNT_ID", "safe"))) << key;
        EXPECT_EQ(config.warnings.size(), 1U) << key;
    }
}

TEST(KeyValueVariables, AreNamedInWarningsOnlyByPlausibleNames)
{
    EXPECT_THAT(warnings_in("MPC_A=1\nBAD_KEY=x"), HasSubstr("BAD_KEY is dropped"));
    EXPECT_THAT(warnings_in("MPC_A=1\n-----BEGIN KEY-----=x"),
        AllOf(HasSubstr("line 2 is dropped"), Not(HasSubstr("BEGIN"))));
    EXPECT_THAT(warnings_in("MPC_A=1\n" + std::string(65, 'k') + "=x"),
        AllOf(HasSubstr("line 2"), Not(HasSubstr("kkk"))));
}

TEST(KeyValueVariables, AreNotNamedWhenTheKeyMayBeBase64)
{
    for (auto const* line : { "c2VjcmV0LXZhbHVl=", "c2VjcmV0LXZhbHVlCg==" }) {
        auto const config = read_good("MPC_A=1\n" + std::string(line));
        EXPECT_THAT(warnings_of(config), AllOf(HasSubstr("line 2"), Not(HasSubstr("c2Vj"))));
        EXPECT_THAT(sensitive_of(config), IsSupersetOf({ line }));
    }
}

TEST(KeyValueVariables, NeverIncludeAPrivateKey)  // B24
{
    for (auto const* key : { "MPC_P2P_PRIVATE_KEY", "MPC_ACCOUNT_SK" })
        for (auto const platform : { Platform::Tee, Platform::NonTee }) {
            auto const config = read_good("MPC_ENV=testnet\n" + std::string(key) + "=ed25519:abc", platform);
            EXPECT_THAT(variables_of(config), UnorderedElementsAre(Pair("MPC_ENV", "testnet")));
            EXPECT_THAT(config.warnings, ElementsAre(HasSubstr(key)));
        }
}

TEST(KeyValueVariables, NeverIncludeWhatTheLauncherSetsItself)  // B28
{
    for (auto const* key : { "IMAGE_HASH", "LATEST_ALLOWED_HASH_FILE", "DSTACK_ENDPOINT" }) {
        auto const config = read_good("MPC_ENV=testnet\n" + std::string(key) + "=sha256:abc123");
        EXPECT_THAT(variables_of(config), UnorderedElementsAre(Pair("MPC_ENV", "testnet")));
        EXPECT_THAT(config.warnings, ElementsAre(AllOf(HasSubstr(key), HasSubstr("launcher sets it"))));
    }
}

TEST(KeyValueVariables, AreRefusedUnderAReservedName)  // B39, L10
{
    for (auto const* key : { "MPC_IMAGE_HASH", "MPC_LATEST_ALLOWED_HASH_FILE" })
        for (auto const platform : { Platform::Tee, Platform::NonTee }) {
            auto const error = read_bad(std::string(key) + "=x", platform);
            EXPECT_THAT(error.message(), HasSubstr(key));
            EXPECT_THAT(error.remedy(), HasSubstr("Remove"));
        }
}

TEST(KeyValueVariables, ArePassedVerbatim)  // B29
{
    EXPECT_EQ(variables_in("MPC_ACCOUNT_ID=safe; rm -rf /").at("MPC_ACCOUNT_ID"), "safe; rm -rf /");
}

TEST(KeyValueVariables, AreDroppedWhenTheyMentionLdPreload)  // B30, B38
{
    for (auto const* line :
        { "MPC_X=mpc-user-123, --env LD_PRELOAD=/x.so", "MPC_X=foo LD_PRELOAD bar", "MPC_LD_PRELOAD=/x.so" })
        EXPECT_THAT(variables_in("MPC_ENV=testnet\n" + std::string(line)),
            UnorderedElementsAre(Pair("MPC_ENV", "testnet")))
            << line;
}

TEST(KeyValueVariables, AreDroppedWithControlCharactersOtherThanTabs)  // B31
{
    for (char c = 1; c < 0x20; ++c) {
        if (c == '\n')
            continue;  // ends the line
        auto const passed = variables_in("MPC_ENV=testnet\nMPC_X=a" + std::string(1, c) + "b").count("MPC_X");
        EXPECT_EQ(passed, c == '\t' ? 1U : 0U) << static_cast<int>(c);
    }
}

TEST(KeyValueVariables, AreDroppedBeyond1024Bytes)  // B32
{
    EXPECT_EQ(variables_in("MPC_X=" + std::string(1024, 'v')).count("MPC_X"), 1U);
    EXPECT_EQ(variables_in("MPC_X=" + std::string(1025, 'v')).count("MPC_X"), 0U);
    EXPECT_EQ(variables_in("RUST_LOG=" + std::string(1025, 'v')).count("RUST_LOG"), 0U);
}

TEST(KeyValueVariables, MayHoldALongListOfBootNodes)
{
    EXPECT_EQ(variables_in("NEAR_BOOT_NODES=" + std::string(16384, 'v')).count("NEAR_BOOT_NODES"), 1U);
    EXPECT_EQ(variables_in("NEAR_BOOT_NODES=" + std::string(16385, 'v')).count("NEAR_BOOT_NODES"), 0U);
}

std::string many_variables(int count, std::size_t value_size)
{
    std::string content;
    for (int i = 0; i < count; ++i)
        content += "MPC_VAR_" + std::to_string(100 + i) + "=" + std::string(value_size, 'v') + "\n";
    return content;
}

TEST(KeyValueVariables, AreRefusedBeyond64)  // B33
{
    auto const content = many_variables(64, 1) + "BAD_KEY=x\nMPC_IMAGE_TAGS=a\nPORTS=80:80\nMPC_ACCOUNT_SK=x\n";
    EXPECT_EQ(variables_in(content).size(), 64U);
    EXPECT_THAT(message_of_bad(content + "RUST_LOG=info"), HasSubstr("more than 64"));
}

TEST(KeyValueVariables, AreRefusedBeyond32768BytesTogether)  // B34
{
    // 31 variables of 11 + 1 + 1024 bytes leave 652.
    auto const content = many_variables(31, 1024) + "BAD_KEY=" + std::string(1000, 'x');
    EXPECT_TRUE(read(content + "\nMPC_X=" + std::string(652 - 6, 'v')).ok());
    EXPECT_THAT(message_of_bad(content + "\nMPC_X=" + std::string(653 - 6, 'v')), HasSubstr("32768"));
    EXPECT_FALSE(read(many_variables(40, 1024)).ok());
}

TEST(KeyValueVariables, NeverIncludeTheLaunchersSettings)  // B36
{
    EXPECT_THAT(variables_in("MPC_IMAGE_TAGS=a\nMPC_IMAGE_NAME=a/b\nMPC_REGISTRY=docker.io\nMPC_HASH_OVERRIDE="
                    + digest_text('a')
                    + "\nRPC_REQUEST_TIMEOUT_SECS=1\nRPC_REQUEST_INTERVAL_SECS=1\nRPC_MAX_ATTEMPTS=1\nPORTS=1:1"),
        IsEmpty());
}

TEST(KeyValueVariables, AreSortedByName)  // B37
{
    auto const config = read_good("RUST_LOG=1\nMPC_B=1\nNEAR_BOOT_NODES=1\nMPC_A=1");
    std::vector<std::string> names;
    for (auto const& variable : std::get<NodeEnvironment>(config.node).variables)
        names.push_back(variable.name);
    EXPECT_THAT(names, ElementsAre("MPC_A", "MPC_B", "NEAR_BOOT_NODES", "RUST_LOG"));
}

TEST(KeyValueVariables, ThatLookLikeAMistypedSettingAreTold)
{
    auto const config = read_good("MPC_HASH_OVERIDE=x\nPORT=80:80\nMPC_ENV=testnet");
    EXPECT_THAT(variables_of(config), UnorderedElementsAre(Pair("MPC_HASH_OVERIDE", "x"), Pair("MPC_ENV", "testnet")));
    EXPECT_THAT(config.warnings,
        ElementsAre(HasSubstr("did you mean MPC_HASH_OVERRIDE?"), HasSubstr("did you mean PORTS?")));
}

}  // namespace
}  // namespace mpc::config
