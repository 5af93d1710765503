// Each field of the inspect document, broken alone, is found and named.
#include <gtest/gtest.h>

#include "node_container.h"
#include "support/plans.h"

namespace mpc::launcher {
namespace {

using json::Array;
using json::Object;
using json::Value;
using testing::Test;

docker::ImageDetails image()
{
    return { .id = "sha256:" + std::string(64, 'e'),
        .repo_digests = {},
        .os = "linux",
        .architecture = "amd64",
        .media_type = {},
        .environment = { "PATH=/bin", "MPC_HOME=/data" },
        .entrypoint = { "/tini" },
        .command = { "/app/mpc-node" },
        .user = "",
        .working_directory = "/app",
        .labels = { { "vendor", "near" } },
        .volumes = { "/cache" },
        .exposed_ports = {} };
}

/// What a good engine answers for the spec. The shape is that of Docker Engine 20.10.
Object inspected(ContainerSpec const& spec)
{
    auto const body = create_body(spec);
    Array environment = *body.find("Env")->array();
    for (auto const& assignment : spec.image.environment)
        environment.push_back(assignment);
    Object labels { { "vendor", "near" } };
    for (auto const& [name, value] : spec.labels)
        labels.add(name, value);
    Object host = *body.find("HostConfig")->object();
    for (auto const* name : { "Privileged", "PublishAllPorts", "AutoRemove" })
        host.add(name, false);
    for (auto const* name :
        { "CapAdd", "CapDrop", "Devices", "ExtraHosts", "GroupAdd", "Links", "VolumesFrom", "PidsLimit" })
        host.add(name, Value());
    host.add("ReadonlyRootfs", false);
    host.add("NetworkMode", "default");
    host.add("IpcMode", "private");
    host.add("PidMode", "");
    host.add("MaskedPaths", Array { "/proc/kcore" });
    host.add("ReadonlyPaths", Array { "/proc/sys" });
    Array mounts;
    for (auto const& mount : spec.mounts) {
        mounts.push_back(Object { { "Type", mount.type }, { "Name", mount.name },
            { "Source", mount.type == "bind" ? mount.source : "/var/lib/docker/volumes/x/_data" },
            { "Destination", mount.destination }, { "RW", mount.writable } });
    }
    mounts.push_back(Object { { "Type", "volume" }, { "Name", std::string(64, 'f') }, { "Source", "/v" },
        { "Destination", "/cache" }, { "RW", true } });
    return {
        { "Id", std::string(64, '1') },
        { "Name", "/" + spec.name },
        { "Image", spec.image.id },
        { "Config",
            Object { { "Image", spec.image.id }, { "User", "" }, { "WorkingDir", "/app" },
                { "Entrypoint", Array { "/tini" } },
                { "Cmd",
                    spec.command.empty() ? Array { "/app/mpc-node" }
                                         : Array(spec.command.begin(), spec.command.end()) },
                { "Env", environment }, { "Labels", labels }, { "Tty", false } } },
        { "HostConfig", host },
        { "Mounts", mounts },
    };
}

/// The document with one member, given by its path, replaced.
Object changed(Object const& document, std::string_view section, std::string_view name, Value value)
{
    Object result;
    for (auto const& [member, old] : document) {
        if (member != section) {
            result.add(member, old);
            continue;
        }
        if (name.empty()) {
            result.add(member, value);
            continue;
        }
        Object inner;
        for (auto const& [inner_member, inner_old] : *old.object())
            inner.add(inner_member, inner_member == name ? value : inner_old);
        inner.add(std::string(name), value);
        result.add(member, inner);
    }
    return result;
}

struct Spoiled {
    char const* section;
    char const* name;
    Value value;
};

class Differences : public Test {
protected:
    LaunchPlan m_plan = test::plan_with();
    ContainerSpec m_spec = node_container(m_plan, image(), false);
    Object m_good = inspected(m_spec);

    void expect_found(char const* section, char const* name, Value value, std::string const& field)
    {
        EXPECT_EQ(differences(m_spec, changed(m_good, section, name, std::move(value))), std::vector { field });
    }
};

TEST_F(Differences, AreNoneForWhatWasAskedFor) { EXPECT_EQ(differences(m_spec, m_good), std::vector<std::string> {}); }

TEST_F(Differences, AreNoneUnderStandardHardeningAndWithoutATee)
{
    for (auto const* user_config : { test::toml_config, test::key_value_config }) {
        auto const plan = test::plan_with({ { "HARDENING", "standard" }, { "PLATFORM", "NONTEE" } }, user_config);
        auto const spec = node_container(plan, image(), false);
        EXPECT_EQ(differences(spec, inspected(spec)), std::vector<std::string> {});
    }
}

TEST_F(Differences, NameEachLooseningOfTheHost)
{
    Spoiled const loosenings[] = {
        { "HostConfig", "Privileged", true },
        { "HostConfig", "CapAdd", Array { "SYS_ADMIN" } },
        { "HostConfig", "CapDrop", Array {} },
        { "HostConfig", "CapDrop", Array { "NET_RAW" } },
        { "HostConfig", "SecurityOpt", Value() },
        { "HostConfig", "SecurityOpt", Array { "no-new-privileges:true", "seccomp=unconfined" } },
        { "HostConfig", "ReadonlyRootfs", false },
        { "HostConfig", "Tmpfs", Object { { "/tmp", "exec" } } },
        { "HostConfig", "PidsLimit", Value() },
        { "HostConfig", "RestartPolicy", Object { { "Name", "on-failure" } } },
        { "HostConfig", "RestartPolicy", Value() },
        { "HostConfig", "NetworkMode", "host" },
        { "HostConfig", "NetworkMode", "container:abc" },
        { "HostConfig", "IpcMode", "host" },
        { "HostConfig", "PidMode", "host" },
        { "HostConfig", "UTSMode", "host" },
        { "HostConfig", "UsernsMode", "host" },
        { "HostConfig", "Devices", Array { Object { { "PathOnHost", "/dev/sda" } } } },
        { "HostConfig", "DeviceCgroupRules", Array { "a *:* rwm" } },
        { "HostConfig", "DeviceRequests", Array { Object {} } },
        { "HostConfig", "GroupAdd", Array { "0" } },
        { "HostConfig", "ExtraHosts", Array { "rpc.near.org:1.2.3.4" } },
        { "HostConfig", "Dns", Array { "1.2.3.4" } },
        { "HostConfig", "Sysctls", Object { { "net.ipv4.ip_forward", "1" } } },
        { "HostConfig", "VolumesFrom", Array { "other" } },
        { "HostConfig", "Mounts", Array { Object {} } },
        { "HostConfig", "Links", Array { "other" } },
        { "HostConfig", "CgroupParent", "/x" },
        { "HostConfig", "AutoRemove", true },
        { "HostConfig", "PublishAllPorts", true },
        { "HostConfig", "MaskedPaths", Array {} },
        { "HostConfig", "ReadonlyPaths", Value() },
        { "HostConfig", "PortBindings", Object {} },
    };
    for (auto const& [section, name, value] : loosenings)
        expect_found(section, name, value, std::string(section) + "." + name);
}

TEST_F(Differences, NameEachChangeOfWhatRuns)
{
    Spoiled const changes[] = {
        { "Config", "Image", "sha256:" + std::string(64, '0') },
        { "Config", "User", "1000" },
        { "Config", "WorkingDir", "/" },
        { "Config", "Entrypoint", Array { "/bin/sh" } },
        { "Config", "Cmd", Array { "/app/mpc-node", "start" } },
        { "Config", "Tty", true },
        { "Config", "Labels", Object {} },
    };
    for (auto const& [section, name, value] : changes)
        expect_found(section, name, value, std::string(section) + "." + name);
    expect_found("Image", "", "sha256:" + std::string(64, '0'), "Image");
    expect_found("Name", "", "/other", "Name");
}

TEST_F(Differences, NameAMissingOrUnreadableSection)
{
    EXPECT_FALSE(differences(m_spec, {}).empty());
    EXPECT_FALSE(differences(m_spec, changed(m_good, "Config", "", Value())).empty());
    EXPECT_FALSE(differences(m_spec, changed(m_good, "HostConfig", "", "text")).empty());
    expect_found("Mounts", "", Value(), "Mounts");
}

TEST_F(Differences, NameVariablesAndNeverShowTheirValues)
{
    auto const plan = test::plan_with({}, test::key_value_config);
    auto const spec = node_container(plan, image(), false);
    auto environment = *inspected(spec).find("Config")->object()->find("Env")->array();
    environment.push_back("LD_PRELOAD=canary");
    auto const found = differences(spec, changed(inspected(spec), "Config", "Env", environment));
    EXPECT_EQ(found, std::vector<std::string> { "Config.Env[LD_PRELOAD]" });

    std::string all;
    for (auto const& field :
        differences(spec, changed(inspected(spec), "Config", "Env", Array { "MPC_SECRET_STORE_KEY=x" })))
        all += field + "\n";
    EXPECT_NE(all.find("Config.Env[MPC_SECRET_STORE_KEY]"), std::string::npos);
    EXPECT_NE(all.find("Config.Env[PATH]"), std::string::npos);
    EXPECT_EQ(all.find("canary"), std::string::npos);
}

TEST_F(Differences, NameAVariableThatIsThereTwice)
{
    auto environment = *m_good.find("Config")->object()->find("Env")->array();
    environment.push_back(environment.front());
    EXPECT_EQ(differences(m_spec, changed(m_good, "Config", "Env", environment)),
        std::vector<std::string> { "Config.Env (a name twice)" });
}

TEST_F(Differences, NameMountsThatAreExtraMissingOrWritable)
{
    auto const with = [&](auto change) {
        auto mounts = *m_good.find("Mounts")->array();
        change(mounts);
        return differences(m_spec, changed(m_good, "Mounts", "", mounts));
    };
    EXPECT_EQ(with([](Array& mounts) {
        mounts.push_back(Object { { "Type", "bind" }, { "Source", "/" }, { "Destination", "/host" }, { "RW", true } });
    }),
        std::vector<std::string> { "Mounts[/host]" });
    EXPECT_EQ(with([](Array& mounts) { mounts.erase(mounts.begin() + 2); }).size(), 1U);
    EXPECT_EQ(with([](Array& mounts) {
        mounts[0] = Object { { "Type", "bind" }, { "Source", "/tapp" }, { "Destination", "/tapp" }, { "RW", true } };
    }).size(),
        2U);
    EXPECT_EQ(with([](Array& mounts) {
        mounts.back() =
            Object { { "Type", "volume" }, { "Name", "named" }, { "Destination", "/cache" }, { "RW", true } };
    }),
        std::vector<std::string> { "Mounts[/cache]" });
}

TEST(NodeContainer, IsNotRestartedByDockerdUnderTee)
{
    EXPECT_EQ(node_container(test::plan_with(), image(), false).restart_policy, "no");
    auto const plan = test::plan_with({ { "PLATFORM", "NONTEE" } });
    EXPECT_EQ(node_container(plan, image(), false).restart_policy, "on-failure");
    EXPECT_EQ(node_container(plan, image(), true).restart_policy, "no");
}

TEST(NodeContainer, HasTheAgentOnlyUnderTee)
{
    auto const with_agent = json::write(create_body(node_container(test::plan_with(), image(), false)));
    EXPECT_NE(with_agent.find("DSTACK_ENDPOINT=/var/run/dstack.sock"), std::string::npos);
    EXPECT_NE(with_agent.find("/var/run/dstack.sock:/var/run/dstack.sock"), std::string::npos);
    auto const plan = test::plan_with({ { "PLATFORM", "NONTEE" } });
    auto const without = json::write(create_body(node_container(plan, image(), false)));
    EXPECT_EQ(without.find("DSTACK"), std::string::npos);
    EXPECT_EQ(without.find("dstack.sock"), std::string::npos);
}

TEST(NodeContainer, ListsSeveralHostPortsOfOneContainerPort)
{
    auto plan = test::plan_with();
    plan.user.ports = { { 80, 80 }, { 8080, 80 }, { 3030, 3030 } };
    auto const body = create_body(node_container(plan, image(), false));
    EXPECT_EQ(json::write_canonical(*body.find("HostConfig")->object()->find("PortBindings")),
        R"({"3030/tcp":[{"HostIp":"","HostPort":"3030"}],"80/tcp":[{"HostIp":"","HostPort":"80"},{"HostIp":"","HostPort":"8080"}]})");
}

TEST(NodeContainer, IsDescribedWithoutAnyValueOfUserConfig)
{
    auto const text =
        json::write(describe(node_container(test::plan_with({}, test::key_value_config), image(), false)));
    EXPECT_NE(text.find("MPC_SECRET_STORE_KEY"), std::string::npos);
    EXPECT_EQ(text.find("canary"), std::string::npos);
    EXPECT_EQ(text.find("8080"), std::string::npos);
}

}  // namespace
}  // namespace mpc::launcher
