// Cases A1 to A9 of docs/launcher-cases.md.
#include "environment.h"

#include <gtest/gtest.h>

#include "support/plans.h"

namespace mpc::launcher {
namespace {

using test::environment_with;

void expect_refused(std::map<std::string, std::string> changes, std::string const& named)
{
    auto const environment = environment_with(std::move(changes));
    ASSERT_FALSE(environment.ok());
    EXPECT_EQ(environment.error().exit_code(), ExitCode::Environment);
    EXPECT_NE(environment.error().message().find(named), std::string::npos) << environment.error().message();
    EXPECT_FALSE(environment.error().remedy().empty());
}

TEST(Environment, ReadsWhatAComposeFileGives)
{
    auto const environment = environment_with({});
    ASSERT_TRUE(environment.ok());
    EXPECT_EQ(environment->platform, config::Platform::Tee);
    EXPECT_EQ(environment->default_digest, test::digest_of('a'));
    EXPECT_EQ(environment->shared_directory, "/mnt/shared");
    EXPECT_EQ(environment->docker_socket, "/var/run/docker.sock");
    EXPECT_EQ(environment->dstack_socket, "/var/run/dstack.sock");
    EXPECT_EQ(environment->docker_config, "/root/.docker/config.json");
    EXPECT_EQ(environment->container_name, "mpc-node");
    EXPECT_EQ(environment->hardening, Hardening::Strict);
    EXPECT_EQ(environment->measurement, measure::Method::Auto);
    EXPECT_EQ(environment->log_format, LogFormat::Text);
    EXPECT_FALSE(environment->user_config);
}

TEST(Environment, RefusesAPlatformThatIsNotExact)
{
    for (auto const* platform : { "", "foo", "TEE as", " TEE ", "NON_TEE", "1", "tee", "nontee" })
        expect_refused({ { "PLATFORM", platform } }, "PLATFORM");
}

TEST(Environment, AcceptsBothPlatforms)
{
    EXPECT_EQ(environment_with({ { "PLATFORM", "NONTEE" } })->platform, config::Platform::NonTee);
    EXPECT_EQ(environment_with({ { "PLATFORM", "TEE" } })->platform, config::Platform::Tee);
}

TEST(Environment, RefusesAMissingRequiredInputByName)
{
    auto const nothing = Environment::read({}, [](char const*) { return std::nullopt; });
    EXPECT_NE(nothing.error().message().find("PLATFORM: is not set"), std::string::npos);
    for (std::string const missing : { "PLATFORM", "DOCKER_CONTENT_TRUST", "DEFAULT_IMAGE_DIGEST" }) {
        auto const environment = Environment::read({}, [&](char const* name) -> std::optional<std::string> {
            if (missing == name
                || std::string_view("PLATFORM DOCKER_CONTENT_TRUST DEFAULT_IMAGE_DIGEST").find(name)
                    == std::string_view::npos)
                return std::nullopt;
            return std::string_view(name) == "PLATFORM"            ? "TEE"
                : std::string_view(name) == "DOCKER_CONTENT_TRUST" ? "1"
                                                                   : std::string(64, 'a');
        });
        ASSERT_FALSE(environment.ok()) << missing;
        EXPECT_EQ(environment.error().message(), missing + ": is not set");
    }
}

TEST(Environment, RefusesContentTrustOtherThanOne)
{
    for (auto const* value : { "", "0", "true", "01" })
        expect_refused({ { "DOCKER_CONTENT_TRUST", value } }, "DOCKER_CONTENT_TRUST");
}

TEST(Environment, AcceptsABareDefaultDigest)
{
    EXPECT_EQ(environment_with({ { "DEFAULT_IMAGE_DIGEST", std::string(64, 'b') } })->default_digest,
        test::digest_of('b'));
}

TEST(Environment, RefusesAMalformedDefaultDigest)
{
    for (auto const& value :
        { std::string("sha256:abc"), std::string(64, 'A'), std::string(63, 'a'), "sha512:" + std::string(64, 'a') })
        expect_refused({ { "DEFAULT_IMAGE_DIGEST", value } }, "DEFAULT_IMAGE_DIGEST");
}

TEST(Environment, LetsAnOptionWinOverItsVariable)
{
    auto const environment = environment_with({ { "CONTAINER_NAME", "from-variable" } },
        { .options = { { "CONTAINER_NAME", "from-option" } } });
    EXPECT_EQ(environment->container_name, "from-option");
}

TEST(Environment, RefusesWhatIsSetButEmpty)
{
    for (auto const& setting : settings())
        expect_refused({ { setting.variable, "" } }, setting.variable);
}

TEST(Environment, RefusesUnknownWordsAndNamesTheKnownOnes)
{
    expect_refused({ { "HARDENING", "none" } }, "strict, standard");
    expect_refused({ { "MEASUREMENT", "off" } }, "auto, emit-event, native");
    expect_refused({ { "LOG_FORMAT", "xml" } }, "text, json");
}

TEST(Environment, RefusesRelativePaths)
{
    for (auto const* name : { "USER_CONFIG", "SHARED_DIR", "DOCKER_SOCKET", "DSTACK_SOCKET", "DOCKER_CONFIG",
             "RTMR3_FILE", "RUNTIME_LOG_DIR" })
        expect_refused({ { name, "relative/path" } }, name);
}

TEST(Environment, RefusesANameThatIsNoContainerName)
{
    for (auto const* name : { "a", "-node", "mpc node", "mpc/node", "../x", "mpc-node?force=1" })
        expect_refused({ { "CONTAINER_NAME", name } }, "CONTAINER_NAME");
}

TEST(Environment, RefusesTimesThatAreNotWholeSeconds)
{
    for (auto const* value : { "0", "-1", "1.5", "10s", "86401", "99999999999999999999" }) {
        for (auto const* name : { "PULL_SILENCE", "PULL_DEADLINE", "AGENT_DEADLINE" })
            expect_refused({ { name, value } }, name);
    }
    EXPECT_EQ(environment_with({ { "PULL_DEADLINE", "7" } })->pull_deadline, std::chrono::seconds(7));
}

TEST(Environment, TakesADockerConfigFileOrItsDirectory)
{
    EXPECT_EQ(environment_with({ { "DOCKER_CONFIG", "/x/y.json" } })->docker_config, "/x/y.json");
    EXPECT_EQ(environment_with({ { "DOCKER_CONFIG", "/x" } })->docker_config, "/x/config.json");
}

}  // namespace
}  // namespace mpc::launcher
