#include "attestation/app_compose.h"

#include <gtest/gtest.h>

#include "support/test_node.h"

namespace mpc::attestation {
namespace {

/// The rule that is broken when a member of a good app-compose has this JSON text, or is not there when it is empty.
std::string broken_with(std::string const& name, std::string const& value)
{
    auto const good = parse_app_compose(test::TestNode().app_compose).value();
    json::Object changed;
    for (auto const& [member, old] : good) {
        if (member != name)
            changed.add(member, old);
    }
    if (!value.empty())
        changed.add(name, json::read(value).value());
    return broken_rule(changed).value_or("");
}

TEST(AppCompose, KeepsTheRulesByDefault) { EXPECT_EQ(broken_with("name", "\"x\""), ""); }

TEST(AppCompose, MustBeOfManifestVersion2AsANumber)
{
    for (auto const* version : { "1", "3", "\"2\"", "2.0", "" })
        EXPECT_TRUE(broken_with("manifest_version", version).starts_with("manifest_version")) << version;
}

TEST(AppCompose, MustRunDockerCompose)
{
    for (auto const* runner : { "\"bash\"", "null", "" })
        EXPECT_TRUE(broken_with("runner", runner).starts_with("runner")) << runner;
}

TEST(AppCompose, MustHaveEachFlagAsTheNetworkWantsIt)
{
    for (auto const* name : { "public_logs", "public_sysinfo", "local_key_provider_enabled", "no_instance_id" }) {
        for (auto const* value : { "false", "null", "1", "\"true\"", "" })
            EXPECT_TRUE(broken_with(name, value).starts_with(name)) << name << " " << value;
    }
    for (auto const* name : { "kms_enabled", "gateway_enabled", "tproxy_enabled" }) {
        EXPECT_TRUE(broken_with(name, "true").starts_with(name)) << name;
        EXPECT_EQ(broken_with(name, "false"), "") << name;
    }
}

TEST(AppCompose, MayLeaveOutOnlyTheFlagsThatDefaultToFalse)
{
    EXPECT_EQ(broken_with("kms_enabled", ""), "");
    EXPECT_EQ(broken_with("tproxy_enabled", ""), "");
    EXPECT_TRUE(broken_with("gateway_enabled", "").starts_with("gateway_enabled"));
}

TEST(AppCompose, MustNotTakeEnvironmentFromOutside)
{
    EXPECT_TRUE(broken_with("allowed_envs", "[\"A\"]").starts_with("allowed_envs"));
    EXPECT_TRUE(broken_with("allowed_envs", "null").starts_with("allowed_envs"));
    EXPECT_EQ(broken_with("allowed_envs", ""), "");
}

TEST(AppCompose, MustNotHaveAScriptEvenAnEmptyOne)
{
    for (auto const* name : { "pre_launch_script", "init_script", "bash_script" }) {
        EXPECT_TRUE(broken_with(name, "\"\"").starts_with(name)) << name;
        EXPECT_TRUE(broken_with(name, "[]").starts_with(name)) << name;
        EXPECT_EQ(broken_with(name, "null"), "") << name;
    }
}

TEST(AppCompose, MustNotHaveAMemberThatNobodyKnows)
{
    EXPECT_NE(broken_with("requirements", "{}"), "");
    for (auto const* name : { "features", "public_tcbinfo", "key_provider", "storage_fs", "swap_size", "port_policy",
             "docker_config", "secure_time", "key_provider_id" })
        EXPECT_EQ(broken_with(name, "\"x\""), "") << name;
}

TEST(AppCompose, RefusesTheSameMemberTwice)
{
    EXPECT_FALSE(parse_app_compose(R"({"runner":"docker-compose","runner":"bash"})").ok());
}

}  // namespace
}  // namespace mpc::attestation
