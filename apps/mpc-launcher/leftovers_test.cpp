#include "leftovers.h"

#include <gtest/gtest.h>

#include "node_container.h"
#include "support/plans.h"

namespace mpc::launcher {
namespace {

std::string const own_id(64, '1');

Surroundings in_a_cvm()
{
    return { .own_id = own_id,
        .own_project = "app",
        .container_name = "mpc-node",
        .dstack_socket = "/var/run/dstack.sock",
        .docker_socket = "/var/run/docker.sock",
        .is_tee = true };
}

docker::ContainerSummary container(std::string name)
{
    return { .id = std::string(64, '2'),
        .names = { std::move(name) },
        .image_id = {},
        .state = "running",
        .labels = {},
        .mounts = {},
        .ports = {} };
}

docker::ContainerSummary with_bind(std::string source)
{
    auto summary = container("other");
    summary.mounts.push_back({ .type = "bind", .name = {}, .source = std::move(source), .destination = "/x" });
    return summary;
}

docker::ContainerSummary in_project(std::string name, std::string project)
{
    auto summary = container(std::move(name));
    summary.labels["com.docker.compose.project"] = std::move(project);
    return summary;
}

TEST(Leftovers, AreFoundByName)
{
    EXPECT_EQ(standing_of(container("mpc-node"), in_a_cvm()), Standing::Node);
    EXPECT_EQ(standing_of(container("mpc-node-2"), in_a_cvm()), Standing::Unrelated);
}

TEST(Leftovers, AreFoundByLabel)
{
    auto summary = container("other");
    summary.labels[node_label] = "";
    EXPECT_EQ(standing_of(summary, in_a_cvm()), Standing::Node);
}

TEST(Leftovers, AreFoundByTheDataVolume)
{
    auto summary = container("other");
    summary.mounts.push_back({ .type = "volume", .name = "mpc-data", .source = {}, .destination = "/d" });
    EXPECT_EQ(standing_of(summary, in_a_cvm()), Standing::Node);
    EXPECT_EQ(standing_of(with_bind("/var/lib/docker/volumes/mpc-data/_data"), in_a_cvm()), Standing::Node);
}

TEST(Leftovers, AreFoundByTheAgentsSocketUnderAnyOfItsNames)
{
    for (auto const* source : { "/var/run/dstack.sock", "/run/dstack.sock", "/run/dstack/dstack.sock",
             "/var/run/tappd.sock", "/var/run/dstack/", "/run//dstack.sock" })
        EXPECT_EQ(standing_of(with_bind(source), in_a_cvm()), Standing::Node) << source;
    EXPECT_EQ(standing_of(with_bind("/run/dstack.sockets"), in_a_cvm()), Standing::Unrelated);
}

TEST(Leftovers, AreAmbiguousWhenTheyReachTheEngine)
{
    for (auto const* source : { "/var/run/docker.sock", "/run", "/", "/var/run" })
        EXPECT_EQ(standing_of(with_bind(source), in_a_cvm()), Standing::Ambiguous) << source;
}

TEST(Leftovers, AreNeverTheLauncherItself)
{
    auto self = with_bind("/var/run/docker.sock");
    self.id = own_id;
    EXPECT_EQ(standing_of(self, in_a_cvm()), Standing::Ours);
}

TEST(Leftovers, AreNeverServicesOfTheLaunchersOwnComposeProject)
{
    auto service = in_project("key-export", "app");
    service.mounts.push_back(
        { .type = "bind", .name = {}, .source = "/var/lib/docker/volumes", .destination = "/volumes" });
    EXPECT_EQ(standing_of(service, in_a_cvm()), Standing::Ours);
    EXPECT_EQ(standing_of(in_project("mpc-node", "other"), in_a_cvm()), Standing::Node);
}

TEST(Leftovers, AreAmbiguousWhenAServiceOfTheProjectPosesAsTheNode)
{
    EXPECT_EQ(standing_of(in_project("mpc-node", "app"), in_a_cvm()), Standing::Ambiguous);
}

TEST(Leftovers, HaveNoProjectInCommonWithALauncherThatHasNone)
{
    auto surroundings = in_a_cvm();
    surroundings.own_project.clear();
    EXPECT_EQ(standing_of(in_project("mpc-node", ""), surroundings), Standing::Node);
}

TEST(Leftovers, MatterLessWhenNothingIsMeasured)
{
    auto surroundings = in_a_cvm();
    surroundings.is_tee = false;
    EXPECT_EQ(standing_of(with_bind("/var/run/docker.sock"), surroundings), Standing::Unrelated);
    EXPECT_EQ(standing_of(with_bind("/var/run/dstack.sock"), surroundings), Standing::Unrelated);
    EXPECT_EQ(standing_of(container("mpc-node"), surroundings), Standing::Node);
}

TEST(Leftovers, AreActiveUnlessTheirStateSaysThatNothingRuns)
{
    auto summary = container("x");
    for (auto const* state : { "running", "paused", "restarting", "removing", "", "anything new" }) {
        summary.state = state;
        EXPECT_TRUE(is_active(summary)) << state;
    }
    for (auto const* state : { "created", "exited", "dead" }) {
        summary.state = state;
        EXPECT_FALSE(is_active(summary)) << state;
    }
}

TEST(OwnContainerId, IsReadFromTheMountOfEtcHostname)
{
    auto const line =
        "1 2 8:1 /var/lib/docker/containers/" + own_id + "/hostname /etc/hostname rw - ext4 /dev/sda rw\n";
    EXPECT_EQ(own_container_id("1 2 0:1 / / rw - overlay o rw\n" + line), own_id);
    EXPECT_EQ(own_container_id(""), "");
    EXPECT_EQ(own_container_id("1 2 8:1 / /etc/hostname rw - ext4 /dev/sda rw\n"), "");
    EXPECT_EQ(own_container_id("1 2 8:1 /containers/short/hostname /etc/hostname rw - ext4 /dev/sda rw"), "");
    EXPECT_EQ(own_container_id("1 2 8:1 /c/containers/" + own_id + "/hostname /mnt/x rw - ext4 /dev/sda rw\n"), "");
}

TEST(Surroundings, TakeTheProjectFromTheLaunchersOwnContainer)
{
    auto self = in_project("launcher", "app");
    self.id = own_id;
    std::vector const containers { container("a"), self };
    auto const line = "1 2 8:1 /d/containers/" + own_id + "/hostname /etc/hostname rw - ext4 /dev/sda rw\n";
    EXPECT_EQ(surroundings_of(*test::environment_with({}), line, containers).own_project, "app");
    EXPECT_EQ(surroundings_of(*test::environment_with({}), "", containers).own_project, "");
}

}  // namespace
}  // namespace mpc::launcher
