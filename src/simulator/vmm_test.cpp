// Whatever does not boot a CVM: tests/e2e/test_vmm_simulator.py has the rest.
#include "simulator/vmm.h"

#include <cstdlib>

#include <gmock/gmock.h>

#include "base/bytes.h"
#include "simulator/measured_vm.h"

namespace mpc::simulator {
namespace {

using testing::HasSubstr;

class SimulatedVmm : public testing::Test {
protected:
    SimulatedVmm()
    {
        std::string name = (std::filesystem::temp_directory_path() / "mpc-vmm-XXXXXX").string();
        m_directory = mkdtemp(name.data());
        m_options.directory = m_directory;
        open();
    }
    ~SimulatedVmm() override
    {
        m_vmm.reset();
        std::filesystem::remove_all(m_directory);
    }

    void open()
    {
        m_vmm.reset();
        auto vmm = Vmm::open(m_options);
        ASSERT_TRUE(vmm.ok());
        m_vmm = std::move(*vmm);
    }

    http::Response ask(std::string const& target, json::Object const& message, std::vector<http::Header> headers = {})
    {
        return m_vmm
            ->handle({ .method = http::Method::Post,
                .target = target,
                .headers = std::move(headers),
                .body = json::write(message) })
            .response;
    }

    static json::Object configuration()
    {
        return { { "name", "node" }, { "image", "dstack-0.5.8" }, { "compose_file", default_app_compose() },
            { "vcpu", 1 }, { "memory", 1024 }, { "disk_size", 20 }, { "stopped", true } };
    }

    std::string create()
    {
        auto const answer = ask("/prpc/CreateVm?json", configuration());
        EXPECT_EQ(answer.status, 200U) << answer.body;
        return json::read_object(answer.body)->require_text("id").value();
    }

    std::filesystem::path m_directory;
    VmmOptions m_options;
    std::unique_ptr<Vmm> m_vmm;
};

TEST_F(SimulatedVmm, TakesAMethodWithAndWithoutItsPrefix)
{
    EXPECT_EQ(ask("/prpc/Version?json", {}).status, 200U);
    EXPECT_EQ(ask("/prpc/Teepod.Version?json", {}).status, 200U);
    EXPECT_EQ(ask("/prpc/Vmm.Version?json", {}).status, 400U);
    EXPECT_EQ(ask("/Version", {}).status, 404U);
}

TEST_F(SimulatedVmm, HasItsDirectoryForItselfWhileItRuns)
{
    auto const second = Vmm::open(m_options);
    ASSERT_FALSE(second.ok());
    EXPECT_THAT(second.error().message(), HasSubstr("a VMM that runs"));
    m_vmm.reset();
    EXPECT_TRUE(Vmm::open(m_options).ok());
}

TEST_F(SimulatedVmm, KnowsItsVmsAgain)
{
    auto const id = create();
    open();
    auto const answer = ask("/prpc/GetInfo?json", { { "id", id } });
    EXPECT_THAT(answer.body, HasSubstr(R"("found":true)"));
    EXPECT_THAT(answer.body, HasSubstr(R"("status":"stopped")"));
}

TEST_F(SimulatedVmm, UpdatesInStepsAndNotAsOne)
{
    auto const id = create();
    auto const answer = ask("/prpc/UpdateVm?json", { { "id", id }, { "user_config", "new" }, { "disk_size", 1 } });
    EXPECT_EQ(answer.status, 400U);
    EXPECT_THAT(ask("/prpc/GetInfo?json", { { "id", id } }).body, HasSubstr(R"("user_config":"new")"));
}

TEST_F(SimulatedVmm, RefusesAPortThatAnotherVmHas)
{
    auto wanted = configuration();
    json::Array const ports { json::Object { { "protocol", "tcp" }, { "host_port", 80 }, { "vm_port", 80 } } };
    wanted.add("ports", ports);
    EXPECT_EQ(ask("/prpc/CreateVm?json", wanted).status, 200U);
    EXPECT_THAT(ask("/prpc/CreateVm?json", wanted).body, HasSubstr("Port 80 is already in use"));
}

TEST_F(SimulatedVmm, KeepsTheAppIdOfWhenAVmWasMade)
{
    auto const id = create();
    auto const first = VmIdentity::from(default_app_compose(), Seed(1)).value().app_id;
    ASSERT_EQ(ask("/prpc/UpgradeApp?json", { { "id", id }, { "compose_file", default_app_compose() + " " } }).status,
        200U);
    EXPECT_THAT(ask("/prpc/GetInfo?json", { { "id", id } }).body, HasSubstr(R"("app_id":")" + to_hex(first)));
}

TEST_F(SimulatedVmm, RefusesWhatItsMachineDoesNotHave)
{
    auto const refusal = [this](std::string const& name, json::Value value) {
        auto wanted = configuration();
        wanted.add(name, std::move(value));
        auto const answer = ask("/prpc/CreateVm?json", wanted);
        EXPECT_EQ(answer.status, 400U) << name;
        return answer.body;
    };
    EXPECT_THAT(refusal("gpus", json::Object { { "attach_mode", "all" } }), HasSubstr("GPU is not enabled"));
    json::Array const slots { json::Object { { "slot", "18:00.0" } } };
    EXPECT_THAT(refusal("gpus", json::Object { { "attach_mode", "listed" }, { "gpus", slots } }),
        HasSubstr("GPU is not enabled"));
    EXPECT_THAT(refusal("networking", json::Object { { "mode", "pigeons" } }), HasSubstr("networking mode"));
    json::Array const ports { json::Object {
        { "protocol", "tcp" }, { "host_port", 80 }, { "vm_port", 80 }, { "host_address", "bogus" } } };
    EXPECT_THAT(refusal("ports", ports), HasSubstr("Invalid host address"));
    auto wanted = configuration();
    wanted.add("gpus", json::Object { { "attach_mode", "listed" }, { "gpus", json::Array() } });
    wanted.add("networking", json::Object { { "mode", "bridge" } });
    EXPECT_EQ(ask("/prpc/CreateVm?json", wanted).status, 200U);
}

TEST_F(SimulatedVmm, CannotAskAGuestThatIsNotThere)
{
    auto const answer = ask("/prpc/ShutdownVm?json", { { "id", create() } });
    EXPECT_EQ(answer.status, 400U);
    EXPECT_THAT(answer.body, HasSubstr("guest agent"));
}

TEST_F(SimulatedVmm, SaysWhatStateItsVmsAreIn)
{
    auto const info = ask("/prpc/GetInfo?json", { { "id", create() } }).body;
    EXPECT_THAT(info, HasSubstr(R"("uptime":"never")"));
    EXPECT_THAT(info, HasSubstr(R"("exited_at":"never")"));
    EXPECT_THAT(info, HasSubstr(R"("stopped":true)"));
}

TEST_F(SimulatedVmm, ShowsItsVmsInPages)
{
    for (int i = 0; i < 5; ++i)
        create();
    auto const shown = [this](unsigned page, unsigned size) {
        auto const answer =
            *json::read_object(ask("/prpc/Status?json", { { "page", page }, { "page_size", size } }).body);
        EXPECT_EQ(answer.require_number("total").value(), 5);
        std::vector<std::string> ids;
        for (auto const& vm : **answer.require_array("vms"))
            ids.push_back(vm.object()->require_text("id").value());
        return ids;
    };
    auto const all = shown(0, 0);
    EXPECT_EQ(all.size(), 5U);
    EXPECT_EQ(shown(7, 0), all);
    EXPECT_THAT(shown(0, 2), testing::ElementsAre(all[0], all[1]));
    EXPECT_THAT(shown(1, 2), testing::ElementsAre(all[0], all[1]));
    EXPECT_THAT(shown(3, 2), testing::ElementsAre(all[4]));
    EXPECT_TRUE(shown(4, 2).empty());
    EXPECT_TRUE(shown(UINT32_MAX, UINT32_MAX).empty());
}

TEST_F(SimulatedVmm, AsksForTheTokenOrThePassword)
{
    m_options.token = "secret";
    m_options.auth_user = "anna";
    m_options.auth_password = "word";
    open();
    auto const refused = ask("/prpc/Version?json", {});
    EXPECT_EQ(refused.status, 401U);
    EXPECT_EQ(refused.header("WWW-Authenticate"), "Basic realm=\"dstack-vmm API\"");
    EXPECT_EQ(ask("/prpc/Version?json", {}, { { "Authorization", "Bearer secret" } }).status, 200U);
    EXPECT_EQ(ask("/prpc/Version?json", {}, { { "X-Admin-Token", "secret" } }).status, 200U);
    auto const basic = [](std::string_view pair) { return "Basic " + to_base64(as_bytes(pair)); };
    EXPECT_EQ(ask("/prpc/Version?json", {}, { { "Authorization", basic("anna:word") } }).status, 200U);
    EXPECT_EQ(ask("/prpc/Version?json", {}, { { "Authorization", basic("anna:other") } }).status, 401U);
    EXPECT_EQ(ask("/prpc/Version?token=secret", {}).status, 401U);  // for GET only
}

}  // namespace
}  // namespace mpc::simulator
