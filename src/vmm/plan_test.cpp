#include "vmm/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dstack/app_compose.h"
#include "vmm/claim.h"
#include "vmm/plan_checks.h"

namespace mpc::vmm {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string const id = "0f1e2d3c-4b5a-4697-8877-665544332211";
std::string const digest = "sha256:" + std::string(64, 'a');

/// A deployment that nothing is wrong with.
Wanted good()
{
    Wanted wanted {
        .deployment = { .name = "node",
            .os_image = "dstack-0.5.8",
            .vcpu = 8,
            .memory_mb = 65536,
            .disk_gb = 1000,
            .ports = { { .address = "0.0.0.0", .host = 80, .vm = 80 }, { .host = 9208, .vm = 8090 } },
            .image_digest = image::ImageDigest::parse(digest).value(),
            .key_provider_mrenclave = std::string(64, '6') },
        .compose = "services: {}\n",
        .user_config = Secret("MPC_ACCOUNT_ID=canary.near\nPORTS=80:80\n"),
    };
    wanted.app_compose = dstack::write_app_compose({ .name = "node",
                                                       .docker_compose_file = wanted.compose,
                                                       .local_key_provider_enabled = true,
                                                       .public_logs = true,
                                                       .public_sysinfo = true,
                                                       .no_instance_id = true })
                             .value();
    return wanted;
}

/// A host with the image and the VM of another deployment, changed by `change`.
Existing host_with(void (*change)(Configuration&) = [](Configuration&) {})
{
    auto const wanted = good();
    Configuration configuration { .name = "node",
        .image = "dstack-0.5.8",
        .compose_file = wanted.app_compose,
        .vcpu = 8,
        .memory_mb = 65536,
        .disk_gb = 1000,
        .ports = wanted.deployment.ports,
        .user_config = wanted.user_config };
    change(configuration);
    return { .vms = { { .id = id, .name = "node", .status = Status::Running, .configuration = configuration } },
        .images = { "dstack-0.5.8", "dstack-0.6.0" } };
}

Existing empty_host() { return { .images = { "dstack-0.5.8" } }; }

Plan plan_of(Wanted const& wanted, Existing const& existing)
{
    auto plan = make_plan(wanted, existing);
    if (plan.ok())
        return *std::move(plan);
    ADD_FAILURE() << plan.error().message();
    return {};
}

TEST(Plan, CreatesWhatIsNotThere)
{
    auto const plan = plan_of(good(), empty_host());
    EXPECT_EQ(plan.action, Action::Create);
    EXPECT_EQ(plan.disk, DiskFate::New);
    EXPECT_THAT(plan.problems, IsEmpty());
    EXPECT_THAT(plan.warnings, IsEmpty());
    ASSERT_TRUE(plan.rtmr3);
    EXPECT_EQ(plan.rtmr3->value.size(), 96U);
    EXPECT_EQ(plan.app_id, to_hex(plan.compose_hash).substr(0, 40));
}

/// "field: before -> after" of each change.
std::vector<std::string> changes_of(Plan const& plan)
{
    std::vector<std::string> texts;
    for (auto const& [field, before, after] : plan.changes)
        texts.push_back(field + ": " + before.value_or("none") + " -> " + after.value_or("none"));
    return texts;
}

TEST(Plan, TellsWhatANewVmWillBeFieldByField)
{
    auto wanted = good();
    wanted.deployment.launcher_digest = image::ImageDigest::parse("sha256:" + std::string(64, 'b')).value();
    wanted.user_config = Secret("PORTS=80:80\nMPC_HASH_OVERRIDE=" + digest + "\n");
    auto host = empty_host();
    host.address = "unix:/run/vmm.sock";
    EXPECT_THAT(changes_of(plan_of(wanted, host)),
        ElementsAre("name: none -> node", "VMM: none -> unix:/run/vmm.sock", "OS image: none -> dstack-0.5.8",
            "vCPU: none -> 8", "memory (MB): none -> 65536", "disk (GB): none -> 1000",
            "ports: none -> tcp:0.0.0.0:80:80 tcp:127.0.0.1:9208:8090",
            "launcher digest: none -> sha256:" + std::string(64, 'b'), "image digest: none -> " + digest,
            "user_config: image override: none -> " + digest));
}

TEST(Plan, HasNothingToDoWhenAllIsEqual)
{
    auto const plan = plan_of(good(), host_with());
    EXPECT_EQ(plan.action, Action::Nothing);
    EXPECT_EQ(plan.update, Update());
    EXPECT_THAT(plan.problems, IsEmpty());
}

struct KeyChange {
    char const* field;
    void (*change)(Configuration&);
};

class WhatDecidesTheKey : public ::testing::TestWithParam<KeyChange> {};

TEST_P(WhatDecidesTheKey, LosesTheDisk)
{
    auto const plan = plan_of(good(), host_with(GetParam().change));
    EXPECT_EQ(plan.action, Action::Change);
    EXPECT_EQ(plan.disk, DiskFate::Lost);
    EXPECT_THAT(plan.disk_reasons, ElementsAre(HasSubstr(GetParam().field)));
}

INSTANTIATE_TEST_SUITE_P(Plan, WhatDecidesTheKey,
    ::testing::Values(KeyChange { "app-compose", [](Configuration& c) { c.compose_file += " "; } },
        KeyChange { "OS image", [](Configuration& c) { c.image = "dstack-0.6.0"; } },
        KeyChange { "vCPU", [](Configuration& c) { c.vcpu = 4; } },
        KeyChange { "memory", [](Configuration& c) { c.memory_mb = 32768; } }));

TEST(Plan, KeepsTheDiskWhenOnlyUserConfigPortsAndDiskChange)
{
    auto const plan = plan_of(good(), host_with([](Configuration& c) {
        c.user_config = Secret("MPC_ACCOUNT_ID=canary-before.near\n");
        c.ports.clear();
        c.disk_gb = 500;
    }));
    EXPECT_EQ(plan.disk, DiskFate::Survives);
    EXPECT_THAT(changes_of(plan),
        ElementsAre("disk (GB): 500 -> 1000", HasSubstr("ports: none -> "), HasSubstr("user_config: MPC_ACCOUNT_ID"),
            HasSubstr("user_config: PORTS")));
    EXPECT_TRUE(plan.update.user_config && plan.update.ports && plan.update.disk_gb);
    EXPECT_FALSE(plan.update.compose_file || plan.update.vcpu || plan.update.memory_mb || plan.update.image);
    EXPECT_THAT(changes_of(plan), Not(Contains(HasSubstr("canary"))));
}

TEST(Plan, SaysThatADiskWithoutAKeyIsNotKept)
{
    auto wanted = good();
    wanted.deployment.disk_key = DiskKey::None;
    EXPECT_EQ(plan_of(wanted, host_with()).disk, DiskFate::NotKept);
}

TEST(Plan, SaysThatADiskIsLostWhenItsKeyProviderIsTakenAway)
{
    auto wanted = good();
    wanted.deployment.disk_key = DiskKey::None;
    auto& text = wanted.app_compose;
    std::string const before = "\"local_key_provider_enabled\": true";
    text.replace(text.find(before), before.size(), "\"local_key_provider_enabled\": false");
    auto const plan = plan_of(wanted, host_with());
    EXPECT_EQ(plan.disk, DiskFate::Lost);
    EXPECT_THAT(plan.disk_reasons, ElementsAre(HasSubstr("app-compose")));
}

TEST(Plan, DoesNotShrinkADisk)
{
    auto const plan = plan_of(good(), host_with([](Configuration& c) { c.disk_gb = 2000; }));
    EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("cannot shrink")));
}

TEST(Plan, RefusesTwoVmsOfOneName)
{
    auto host = host_with();
    host.vms.push_back(host.vms.front());
    host.vms.back().id = "second";
    auto const plan = make_plan(good(), host);
    ASSERT_FALSE(plan.ok());
    EXPECT_THAT(plan.error().message(), HasSubstr(id + ", second"));
    host.vms.back().status = Status::Removing;
    EXPECT_TRUE(make_plan(good(), host).ok());
}

TEST(Plan, NeedsTheOsImage)
{
    auto const plan = plan_of(good(), Existing { .images = { "other-0.5.8" } });
    EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("other-0.5.8")));
}

TEST(Plan, RefusesANameThatTheVmmWouldRefuse)
{
    auto wanted = good();
    wanted.deployment.name = "no/de";
    EXPECT_THAT(plan_of(wanted, empty_host()).problems, ElementsAre(HasSubstr("name")));
}

/// A host on which another VM has port 80 of that address.
Existing host_with_port(std::string const& address, Protocol protocol, Status status)
{
    auto host = empty_host();
    host.vms.push_back({ .id = "x",
        .name = "other",
        .status = status,
        .configuration =
            Configuration { .ports = { { .protocol = protocol, .address = address, .host = 80, .vm = 1 } } } });
    return host;
}

TEST(Plan, FindsPortsThatAreInUse)
{
    EXPECT_THAT(plan_of(good(), host_with_port("10.0.0.1", Protocol::Tcp, Status::Running)).problems,
        ElementsAre(HasSubstr("port 80 of the host is in use by VM other")));
    EXPECT_THAT(plan_of(good(), host_with_port("10.0.0.1", Protocol::Udp, Status::Running)).problems, IsEmpty());
    EXPECT_THAT(plan_of(good(), host_with_port("10.0.0.1", Protocol::Tcp, Status::Removing)).problems, IsEmpty());
    auto const stopped = plan_of(good(), host_with_port("10.0.0.1", Protocol::Tcp, Status::Stopped));
    EXPECT_THAT(stopped.problems, IsEmpty());
    EXPECT_THAT(stopped.warnings, ElementsAre(HasSubstr("stopped VM other")));
    auto elsewhere = good();
    elsewhere.deployment.ports[0].address = "10.0.0.2";
    EXPECT_THAT(plan_of(elsewhere, host_with_port("10.0.0.1", Protocol::Tcp, Status::Running)).problems, IsEmpty());
}

TEST(Plan, FindsPortsThatAreGivenTwice)
{
    auto wanted = good();
    wanted.deployment.ports.push_back({ .host = 80, .vm = 81 });
    EXPECT_THAT(plan_of(wanted, empty_host()).problems, ElementsAre(HasSubstr("entries 1 and 3")));
}

TEST(Plan, RefusesPortsWhereTheVmmForwardsNone)
{
    auto host = empty_host();
    host.forwards_ports = false;
    EXPECT_THAT(plan_of(good(), host).problems, ElementsAre(HasSubstr("[cvm.port_mapping]")));
    auto wanted = good();
    wanted.deployment.ports.clear();
    EXPECT_THAT(plan_of(wanted, host).problems, IsEmpty());
}

TEST(Plan, WarnsOfAPortThatTheMachineCannotGive)
{
    auto host = host_with();
    host.port_troubles = { { good().deployment.ports[0], "Address already in use" } };
    EXPECT_THAT(plan_of(good(), host).warnings, IsEmpty()) << "the VM itself has it";
    host.vms[0].status = Status::Stopped;
    EXPECT_THAT(plan_of(good(), host).warnings,
        ElementsAre(AllOf(HasSubstr("tcp:0.0.0.0:80:80"), HasSubstr("Address already in use"))));
}

/// The host's VM while an upgrade of it is under way, and the first line of its user_config.
std::pair<Existing, std::string> host_during_an_upgrade()
{
    auto const claim = Claim::make("elsewhere", crypto::Time {}).value();
    auto host = host_with();
    auto& user_config = host.vms[0].configuration->user_config;
    user_config = claim.on(user_config);
    return { std::move(host), claim.line() };
}

TEST(Plan, TellsOfAnUpgradeThatIsUnderWay)
{
    auto const [host, line] = host_during_an_upgrade();
    auto const plan = plan_of(good(), host);
    EXPECT_EQ(plan.upgrade, line);
    EXPECT_EQ(plan.action, Action::Nothing) << "the claim is no change";
    EXPECT_FALSE(plan_of(good(), host_with()).upgrade);
}

TEST(Plan, RefusesAUserConfigThatClaimsItsVm)
{
    auto wanted = good();
    wanted.user_config = host_during_an_upgrade().first.vms[0].configuration->user_config;
    EXPECT_THAT(plan_of(wanted, empty_host()).problems, ElementsAre(HasSubstr("the mark of an upgrade")));
}

TEST(Plan, TellsTheLaunchersVerdictOnUserConfig)
{
    auto wanted = good();
    wanted.user_config = Secret("just words canary\n");
    auto const problems = plan_of(wanted, empty_host()).problems;
    ASSERT_THAT(problems, ElementsAre(HasSubstr("the launcher will refuse it: user_config")));
    EXPECT_THAT(problems[0], Not(HasSubstr("canary")));
}

TEST(Plan, FindsABootNodeTwiceInBothForms)
{
    auto wanted = good();
    wanted.user_config =
        Secret("NEAR_BOOT_NODES=ed25519:A@1.1.1.1:1,ed25519:B@1.1.1.1:2,ed25519:A@2.2.2.2:1\nPORTS=80:80\n");
    EXPECT_THAT(plan_of(wanted, empty_host()).problems, ElementsAre(HasSubstr("boot nodes 1 and 3")));
    wanted.user_config = Secret("[launcher_config]\nimage_reference = \"nearone/mpc-node\"\nport_mappings = []\n"
                                "[mpc_node_config.near_init]\nboot_nodes = \"A@1, A@2\"\n");
    EXPECT_THAT(plan_of(wanted, empty_host()).problems, ElementsAre(HasSubstr("boot nodes 1 and 2")));
}

TEST(Plan, FindsAnOverrideThatTheFirstBootWouldRefuse)
{
    auto wanted = good();
    wanted.user_config = Secret("MPC_HASH_OVERRIDE=sha256:" + std::string(64, 'b') + "\nPORTS=80:80\n");
    EXPECT_THAT(plan_of(wanted, empty_host()).problems, ElementsAre(HasSubstr("first boot")));
    EXPECT_THAT(plan_of(wanted, host_with()).problems, IsEmpty());
}

TEST(Plan, WarnsOfANodeThatNobodyCanReach)
{
    auto wanted = good();
    wanted.deployment.ports.erase(wanted.deployment.ports.begin());
    EXPECT_THAT(plan_of(wanted, empty_host()).warnings, ElementsAre(HasSubstr("port 80 in the VM")));
    wanted = good();
    wanted.deployment.ports.pop_back();
    EXPECT_THAT(plan_of(wanted, empty_host()).warnings, ElementsAre(HasSubstr("8090")));
}

TEST(Plan, WarnsOfAnAppComposeThatTheNetworkRefuses)
{
    auto wanted = good();
    wanted.app_compose.replace(wanted.app_compose.find("\"public_sysinfo\": true"), 22, "\"public_sysinfo\": false");
    EXPECT_THAT(plan_of(wanted, empty_host()).warnings, Contains(HasSubstr("public_sysinfo")));
    wanted.app_compose = "{";
    EXPECT_THAT(plan_of(wanted, empty_host()).problems, ElementsAre(HasSubstr("app-compose")));
}

/// With an override that is not the deployment's digest.
Wanted overriding()
{
    auto wanted = good();
    wanted.user_config =
        Secret("MPC_ACCOUNT_ID=canary.near\nPORTS=80:80\nMPC_HASH_OVERRIDE=sha256:" + std::string(64, 'b') + "\n");
    return wanted;
}

TEST(Plan, PredictsTheOverridesRtmr3)
{
    auto wanted = overriding();
    auto const plan = plan_of(wanted, host_with());
    ASSERT_TRUE(plan.image && plan.rtmr3);
    EXPECT_EQ(plan.image->hex(), std::string(64, 'b'));
    EXPECT_EQ(plan.rtmr3->image, *plan.image);
    EXPECT_TRUE(plan.rtmr3->is_certain);
    wanted = good();
    wanted.deployment.image_digest = plan.image;
    EXPECT_EQ(plan_of(wanted, empty_host()).rtmr3->value, plan.rtmr3->value);
}

TEST(Plan, PredictsForADiskThatIsThereOnlyWhatMayBe)
{
    auto const on_new = plan_of(good(), empty_host());
    EXPECT_EQ(on_new.image, good().deployment.image_digest);
    EXPECT_TRUE(on_new.rtmr3->is_certain);
    auto const on_old = plan_of(good(), host_with());
    EXPECT_FALSE(on_old.image) << "its node's approved digests decide";
    ASSERT_TRUE(on_old.rtmr3);
    EXPECT_FALSE(on_old.rtmr3->is_certain);
    EXPECT_EQ(on_old.rtmr3->image.text(), digest);
    EXPECT_EQ(on_old.rtmr3->value, on_new.rtmr3->value);
}

TEST(ExpectedDigest, IsTheOverrideOrOnANewDiskTheDeployments)
{
    EXPECT_EQ(expected_digest(good(), DiskFate::New), good().deployment.image_digest);
    for (auto const disk : { DiskFate::Survives, DiskFate::Lost, DiskFate::NotKept }) {
        EXPECT_EQ(expected_digest(good(), disk), std::nullopt);
        EXPECT_EQ(expected_digest(overriding(), disk)->hex(), std::string(64, 'b'));
    }
}

TEST(Plan, SaysWhyRtmr3CannotBePredicted)
{
    for (auto* const forget :
        { +[](Deployment& d) { d.image_digest.reset(); }, +[](Deployment& d) { d.key_provider_mrenclave.reset(); } }) {
        auto wanted = good();
        forget(wanted.deployment);
        auto const plan = plan_of(wanted, empty_host());
        EXPECT_FALSE(plan.rtmr3);
        EXPECT_THAT(plan.warnings, ElementsAre(HasSubstr("RTMR3 cannot be predicted")));
    }
}

TEST(BootNodes, AreComparedByPeerAndNotByAddress)
{
    EXPECT_THAT(repeated_boot_nodes(""), IsEmpty());
    EXPECT_THAT(repeated_boot_nodes("a@1,b@1,,"), IsEmpty());
    EXPECT_THAT(repeated_boot_nodes("a@1, a @2,b@1,a@1"), ElementsAre(std::pair(1, 2), std::pair(1, 4)));
}

}  // namespace
}  // namespace mpc::vmm
