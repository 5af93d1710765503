#include "vmm/deployment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mpc::vmm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string const digest = "sha256:" + std::string(64, 'a');

/// A deployment file with every required key, and `more`.
std::string file_with(std::string const& more = "")
{
    return "name = \"node\"\nos_image = \"dstack-0.5.8\"\nvcpu = 8\nmemory_mb = 65536\ndisk_gb = 1000\n"
           "compose = \"launcher.yaml\"\nuser_config = \"user.toml\"\n"
        + more;
}

std::string message_of(std::string const& toml)
{
    auto const deployment = parse_deployment(toml);
    if (deployment.ok())
        return "was accepted";
    EXPECT_FALSE(deployment.error().remedy().empty());
    return deployment.error().message();
}

TEST(DeploymentFile, HasTheNetworksChoicesUnlessItSaysOtherwise)
{
    auto const deployment = parse_deployment(file_with());
    ASSERT_TRUE(deployment.ok()) << deployment.error().message();
    EXPECT_EQ(deployment->disk_key, DiskKey::Local);
    EXPECT_TRUE(deployment->public_logs && deployment->public_sysinfo && deployment->no_instance_id);
    EXPECT_FALSE(deployment->secure_time);
}

TEST(DeploymentFile, ReadsPorts)
{
    auto const deployment = parse_deployment(file_with(
        "ports = [ { host = 80, vm = 8080, address = \"0.0.0.0\" }, { host = 53, vm = 53, protocol = \"udp\" } ]\n"));
    ASSERT_TRUE(deployment.ok()) << deployment.error().message();
    EXPECT_EQ(to_text(deployment->ports.at(0)), "tcp:0.0.0.0:80:8080");
    EXPECT_EQ(to_text(deployment->ports.at(1)), "udp:127.0.0.1:53:53");
}

TEST(DeploymentFile, RefusesWhatItDoesNotKnowOrCannotBe)
{
    for (auto const& [toml, place] : std::vector<std::pair<std::string, std::string>> {
             { file_with("vcpus = 8\n"), "vcpus" }, { file_with("vmm = \"unix:/x\"\ncontext = \"y\"\n"), "both" },
             { file_with("key_provider = \"kms\"\n"), "key_provider" },
             { file_with("key_provider_mrenclave = \"ab\"\n"), "key_provider_mrenclave" },
             { file_with("image_digest = \"sha256:AB\"\n"), "image_digest" },
             { file_with("public_logs = 1\n"), "public_logs" },
             { file_with("ports = [ { host = 0, vm = 1 } ]\n"), "entry 1" },
             { file_with("ports = [ { host = 65536, vm = 1 } ]\n"), "entry 1" },
             { file_with("ports = [ { host = 1, vm = 1, address = \"::1\" } ]\n"), "entry 1" },
             { file_with("ports = [ { host = 1, vm = 1, protocol = \"sctp\" } ]\n"), "entry 1" },
             { file_with("ports = [ { host = 1, vm = 1, prot = \"tcp\" } ]\n"), "prot" },
             { "name = \"node\"\n", "os_image" }, { "name = \"\"\n", "name" } })
        EXPECT_THAT(message_of(toml), HasSubstr(place)) << toml;
}

TEST(DeploymentFile, RefusesResourcesOfNothing)
{
    for (std::string const key : { "vcpu = 8", "memory_mb = 65536", "disk_gb = 1000" }) {
        auto toml = file_with();
        toml.replace(toml.find(key), key.size(), key.substr(0, key.find('=')) + "= 0");
        EXPECT_THAT(message_of(toml), HasSubstr("from 1"));
    }
}

std::string env_with(std::string const& more = "")
{
    return "# a comment\nAPP_NAME=\"node\"\nVMM_RPC=http://127.0.0.1:10000\nSEALING_KEY_TYPE=SGX\n"
           "OS_IMAGE=dstack-0.5.8\nUSER_CONFIG_FILE_PATH='user config.toml'   # here\nDISK=1000G\n"
           "LAUNCHER_MANIFEST_DIGEST="
        + digest + "\nMPC_MANIFEST_DIGEST=" + digest + "\n" + more;
}

TEST(EnvFile, ComesToTheDeploymentThatTheScriptMakes)
{
    auto const deployment = parse_env_file(env_with("EXTERNAL_DSTACK_AGENT_PORT=127.0.0.1:9208\n"
                                                    "export EXTERNAL_MPC_MAIN_PORT=0.0.0.0:80\n"
                                                    "INTERNAL_MPC_MAIN_PORT=81\nFOO=bar\n"));
    ASSERT_TRUE(deployment.ok()) << deployment.error().message();
    EXPECT_EQ(deployment->vcpu, 8U);
    EXPECT_EQ(deployment->memory_mb, 65536U);
    EXPECT_EQ(deployment->disk_gb, 1000U);
    EXPECT_EQ(deployment->user_config, "user config.toml");
    ASSERT_EQ(deployment->ports.size(), 2U);
    EXPECT_EQ(to_text(deployment->ports[0]), "tcp:127.0.0.1:9208:8090");
    EXPECT_EQ(to_text(deployment->ports[1]), "tcp:0.0.0.0:80:81");
    EXPECT_THAT(deployment->notes, ::testing::Contains(HasSubstr("FOO is not used")));
    EXPECT_THAT(deployment->notes, ::testing::Contains(HasSubstr("EXTERNAL_MPC_MIGRATION_PORT")));
}

TEST(EnvFile, RefusesWhatAShellWouldRun)
{
    for (auto const* line : { "X=$(id)", "X=`id`", "X=a;id", "X=\"$HOME\"", "X=a b", "X=\"a\"b", "X=a|b", "X=~", "id",
             "if true", "X='a", "X=\"a\\\"", "X=a&", "2X=a", "X=(a)", "X=a > /tmp/x" }) {
        auto const deployment = parse_env_file(env_with(std::string(line) + "\n"));
        ASSERT_FALSE(deployment.ok()) << line;
        EXPECT_THAT(deployment.error().message(), HasSubstr("line 10")) << deployment.error().message();
        EXPECT_THAT(deployment.error().message(), Not(HasSubstr("id)"))) << line;
    }
}

/// What a DISK of that text comes to; nullopt when it is refused.
std::optional<std::uint32_t> disk_of(std::string const& size)
{
    auto text = env_with();
    text.replace(text.find("DISK=1000G"), 10, "DISK=" + size);
    auto const deployment = parse_env_file(text);
    return deployment.ok() ? std::optional(deployment->disk_gb) : std::nullopt;
}

TEST(EnvFile, TakesTheDisksSizeAsTheScriptsToolDoes)
{
    for (auto const& [size, gigabytes] : std::initializer_list<std::pair<char const*, std::uint32_t>> {
             { "1024", 1024 }, { "128", 128 }, { "1000G", 1000 }, { "1000gb", 1000 }, { "2T", 2048 }, { "0.5TB", 512 },
             { "20.0", 20 }, { "\"1000\"", 1000 }, { "' 20 '", 20 } })
        EXPECT_EQ(disk_of(size), gigabytes) << size;
    for (auto const* size : { "1024M", "1024mb", "0.5", "1.5G", "0", "-1", "1K", "1.", "1e3", "G", "1000001" })
        EXPECT_EQ(disk_of(size), std::nullopt) << size;
}

TEST(EnvFile, HasTheScriptsMemoryWhateverItSays)
{
    auto const deployment = parse_env_file(env_with("MEMORY=128G\nVCPU=4\n"));
    ASSERT_TRUE(deployment.ok()) << deployment.error().message();
    EXPECT_EQ(deployment->memory_mb, 65536U);
    EXPECT_EQ(deployment->vcpu, 8U);
    EXPECT_THAT(deployment->notes, ::testing::Contains(HasSubstr("MEMORY is not used")));
}

TEST(EnvFile, KeepsWhatSingleQuotesProtect)
{
    auto const deployment = parse_env_file(env_with("X='$(id); `a`'\n"));
    EXPECT_TRUE(deployment.ok()) << deployment.error().message();
}

TEST(EnvFile, RefusesWhatIsMissingTwiceOrOfAnotherForm)
{
    for (auto const* line : { "APP_NAME=other", "EXTERNAL_SSH_PORT=70000", "EXTERNAL_SSH_PORT=[::1]:1",
             "EXTERNAL_SSH_PORT=0", "EXTERNAL_MPC_MAIN_PORT=80" })
        EXPECT_FALSE(parse_env_file(env_with(std::string(line) + "\n")).ok()) << line;
    for (std::string const key : { "APP_NAME", "VMM_RPC", "SEALING_KEY_TYPE", "OS_IMAGE", "USER_CONFIG_FILE_PATH",
             "DISK", "LAUNCHER_MANIFEST_DIGEST", "MPC_MANIFEST_DIGEST" }) {
        auto text = env_with();
        text.replace(text.find("\n" + key + "="), key.size() + 2, "\n" + key + "_X=");
        auto const deployment = parse_env_file(text);
        ASSERT_FALSE(deployment.ok()) << key;
        EXPECT_THAT(deployment.error().message(), HasSubstr(key));
    }
}

TEST(OsImage, TellsItsVersion)
{
    EXPECT_EQ(version_in("dstack-0.5.8"), "0.5.8");
    EXPECT_EQ(version_in("dstack-dev-0.5.8"), "0.5.8");
    EXPECT_EQ(version_in("dstack"), std::nullopt);
    EXPECT_EQ(version_in("dstack-latest"), std::nullopt);
}

}  // namespace
}  // namespace mpc::vmm
