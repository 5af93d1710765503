#include "mpcctl/upgrade_fleet.h"

#include <gtest/gtest.h>

namespace mpc::ctl {
namespace {

vmm::VmInfo a_vm(std::string const& name) { return { .id = "1234-5678", .name = name }; }

TEST(Fleet, LooksAtEachNodeWhereItIs)
{
    EXPECT_EQ(place_for("https://{name}.{context}.example/{id}", "east", a_vm("node-1")).value(),
        "https://node-1.east.example/1234-5678");
    EXPECT_EQ(place_for("/vm/{id}/{id}", "", a_vm("a name")).value(), "/vm/1234-5678/1234-5678");
}

TEST(Fleet, DoesNotLookAtOneNodeForAll)
{
    EXPECT_EQ(place_for("https://node.example/", "east", a_vm("node-1")).error().exit_code(), mpc::ExitCode::Usage);
    EXPECT_FALSE(place_for("https://{context}.example/", "east", a_vm("node-1")).ok());
}

TEST(Fleet, IsNotLedElsewhereByTheNameOfAVm)
{
    for (std::string const name : { "", "..", "evil.example/x?", "a/../b", "{id}", "a b", "x@y", "x:80" })
        EXPECT_FALSE(place_for("https://{name}.example/", "", a_vm(name)).ok()) << name;
}

TEST(Fleet, TakesForNodesWhatStartsALauncher)
{
    auto vm = a_vm("node");
    EXPECT_FALSE(is_node(vm));
    vm.configuration = vmm::Configuration { .compose_file = R"({"docker_compose_file":"image: web"})" };
    EXPECT_FALSE(is_node(vm));
    vm.configuration->compose_file = R"({"docker_compose_file":"environment:\n  - DEFAULT_IMAGE_DIGEST=sha256:0"})";
    EXPECT_TRUE(is_node(vm));
    vm.configuration->compose_file = R"({"name":"DEFAULT_IMAGE_DIGEST","docker_compose_file":1})";
    EXPECT_FALSE(is_node(vm));
}

}  // namespace
}  // namespace mpc::ctl
