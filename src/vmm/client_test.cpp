#include "vmm/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vmm/fake_transport.h"

namespace mpc::vmm {
namespace {

using test::an_id;
using test::answered;
using test::client_of;
using test::FakeTransport;
using test::info_answer;
using test::vm_json;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(VmmClient, ReadsAVmAsTheVmmDescribesIt)
{
    FakeTransport::State state { .answers = { { "GetInfo", { info_answer(vm_json()) } } } };
    auto const vm = client_of(state).info(an_id);
    ASSERT_TRUE(vm.ok()) << vm.error().message();
    ASSERT_TRUE(vm->has_value());
    EXPECT_EQ((*vm)->status, Status::Running);
    EXPECT_EQ((*vm)->boot_progress, "done");
    EXPECT_EQ((*vm)->configuration->memory_mb, 65536U);
    EXPECT_EQ(to_text((*vm)->configuration->ports.at(0)), "tcp:0.0.0.0:8080:80");
    EXPECT_EQ((*vm)->events.at(0).milliseconds, 1786619449000U);
    EXPECT_EQ(state.calls.at(0).second, R"({"id":")" + an_id + R"("})");
}

TEST(VmmClient, TellsWhetherPortsAreForwarded)
{
    auto const answer = [](std::string const& body) {
        FakeTransport::State state { .answers = { { "Status", { answered(body) } } } };
        return client_of(state).forwards_ports();
    };
    EXPECT_FALSE(answer(R"({"vms":[],"port_mapping_enabled":false,"total":0})").value());
    EXPECT_TRUE(answer(R"({"vms":[],"port_mapping_enabled":true,"total":0})").value());
    EXPECT_TRUE(answer(R"({"vms":[]})").value());
    EXPECT_FALSE(answer(R"({"port_mapping_enabled":"yes"})").ok());
    EXPECT_FALSE(answer("<html>login</html>").ok());
}

TEST(VmmClient, KnowsAVmThatIsNotThere)
{
    FakeTransport::State state { .answers = { { "GetInfo", { answered(R"({"found":false,"info":null})") } } } };
    auto const vm = client_of(state).info(an_id);
    ASSERT_TRUE(vm.ok());
    EXPECT_FALSE(vm->has_value());
}

/// What becomes of GetInfo when the VMM answers so.
Error error_of_info(http::Response answer)
{
    FakeTransport::State state { .answers = { { "GetInfo", { std::move(answer) } } } };
    auto const vm = client_of(state).info(an_id);
    return vm.ok() ? Error(ErrorKind::Internal, "was accepted") : vm.error();
}

TEST(VmmClient, RefusesWhatIsNotTheAnswerOfAVmm)
{
    for (auto const& body : { std::string("<html>login</html>"), std::string(""), std::string("{\"found\":true"),
             std::string("[]"), std::string(R"({"found":1})"), R"({"found":true,"info":)" + vm_json("flying") + "}",
             R"({"found":true,"info":)" + vm_json("running", "done", "", "another-id-than-asked") + "}",
             R"({"found":true,"info":)" + vm_json("running", "done", "", "../etc") + "}" }) {
        auto const error = error_of_info(answered(body));
        EXPECT_EQ(error.kind(), ErrorKind::Invalid) << body << ": " << error.message();
        EXPECT_FALSE(error.remedy().empty());
    }
}

TEST(VmmClient, NamesTheTokenWhenItIsNotAccepted)
{
    auto const error = error_of_info(answered("", 401));
    EXPECT_EQ(error.kind(), ErrorKind::Refused);
    EXPECT_THAT(error.remedy(), HasSubstr("DSTACK_VMM_TOKEN"));
}

TEST(VmmClient, HandsOnTheVmmsReason)
{
    auto const error = error_of_info(answered("{\n  \"error\": \"no space\\u001b[31m left\"\n}", 400));
    EXPECT_EQ(error.kind(), ErrorKind::Refused);
    EXPECT_THAT(error.message(), HasSubstr("no space"));
    EXPECT_THAT(error.message(), Not(HasSubstr("\x1b")));
}

TEST(VmmClient, TakesAPageOfAnyStatusForAnotherServer)
{
    EXPECT_EQ(error_of_info(answered("<h1>Bad Gateway</h1>", 502)).kind(), ErrorKind::Invalid);
    EXPECT_EQ(error_of_info(answered("", 404)).kind(), ErrorKind::Invalid);
    EXPECT_EQ(error_of_info(answered("", 500)).kind(), ErrorKind::Refused);
}

TEST(VmmClient, LetsNoSecretIntoAnError)
{
    FakeTransport::State state {
        .answers = { { "CreateVm", { answered(R"({"error":"bad MPC_KEY canary-value for tok-123456"})", 400) } } }
    };
    auto client = client_of(state, { Secret("tok-123456") });
    auto const id = client.create({ .name = "node", .user_config = Secret("A=b\nMPC_KEY=canary-value\n") });
    ASSERT_FALSE(id.ok());
    EXPECT_THAT(id.error().message(), HasSubstr("bad"));
    EXPECT_THAT(id.error().message(), Not(HasSubstr("canary")));
    EXPECT_THAT(id.error().message(), Not(HasSubstr("tok-")));
}

TEST(VmmClient, DoesNotSendUserConfigToHaveAHash)
{
    FakeTransport::State state {
        .answers = { { "GetComposeHash", { answered(R"({"hash":")" + std::string(64, 'a') + "\"}") } } }
    };
    auto const hash = client_of(state).compose_hash({ .compose_file = "{}", .user_config = Secret("canary") });
    ASSERT_TRUE(hash.ok()) << hash.error().message();
    EXPECT_THAT(state.calls.at(0).second, Not(HasSubstr("canary")));
}

/// An update of a VMM of this version that does not know UpdateVm.
Result<void> update_at(std::string const& version, Update const& update, FakeTransport::State& state)
{
    state.answers["Version"] = { answered(R"({"version":")" + version + R"(","rev":"x"})") };
    state.answers["UpgradeApp"] = { answered(R"({"id":""})") };
    return client_of(state).update(an_id, update);
}

TEST(VmmClient, UsesTheOlderCallOfAnOlderVmm)
{
    FakeTransport::State state;
    auto const done = update_at("v0.5.5", { .user_config = Secret("A=b") }, state);
    ASSERT_TRUE(done.ok()) << done.error().message();
    EXPECT_EQ(state.calls.back().first, "UpgradeApp");
    EXPECT_EQ(state.calls.back().second, R"({"id":")" + an_id + R"(","user_config":"A=b"})");
}

TEST(VmmClient, DoesNotUseTheOlderCallForWhatItCannotDo)
{
    FakeTransport::State state;
    auto const done = update_at("0.5.5", { .vcpu = 4 }, state);
    ASSERT_FALSE(done.ok());
    EXPECT_THAT(done.error().remedy(), HasSubstr("0.5.6"));
    EXPECT_EQ(state.calls.back().first, "Version");
}

TEST(VmmClient, TakesTheRefusalOfANewerVmmAsIs)
{
    for (auto const* version : { "0.5.6", "v0.6.0", "strange" }) {
        FakeTransport::State state;
        EXPECT_FALSE(update_at(version, { .user_config = Secret("A=b") }, state).ok());
        EXPECT_EQ(state.calls.back().first, "Version");
    }
}

TEST(VmmClient, AcceptsEveryAnswerToACallWithoutResult)
{
    for (auto const* body : { "null", "", "{}" }) {
        FakeTransport::State state { .answers = { { "StartVm", { answered(body) } } } };
        EXPECT_TRUE(client_of(state).start(an_id).ok()) << body;
    }
    FakeTransport::State state { .answers = { { "StartVm", { answered("oops") } } } };
    EXPECT_FALSE(client_of(state).start(an_id).ok());
}

TEST(VmmClient, AsksForLogsAndSaysWhenThereAreNone)
{
    FakeTransport::State state { .log = answered("line\n") };
    std::string text;
    auto const take = [&](std::string_view piece) -> Result<void> {
        text += piece;
        return ok;
    };
    LogRequest const request { .channel = LogChannel::Stdout, .lines = 7, .follow = true };
    ASSERT_TRUE(client_of(state).logs(an_id, request, take).ok());
    EXPECT_EQ(text, "line\n");
    EXPECT_EQ(state.calls.at(0).first, "/logs?id=" + an_id + "&follow=true&ansi=false&lines=7&ch=stdout");
    state.log = answered("VM not found", 404);
    EXPECT_EQ(client_of(state).logs(an_id, request, take).error().kind(), ErrorKind::NotFound);
}

std::vector<VmInfo> three_vms()
{
    return { { .id = "aaaaaaaa-1", .name = "one" }, { .id = "bbbbbbbb-2", .name = "twin" },
        { .id = "bbbbbbbb-3", .name = "twin" } };
}

TEST(FindVm, TakesIdsTheirBeginningsAndNames)
{
    for (auto const* wanted : { "aaaaaaaa-1", "aaaaaaaa", "one" })
        EXPECT_EQ(find_vm(three_vms(), wanted)->id, "aaaaaaaa-1") << wanted;
    EXPECT_EQ(find_vm(three_vms(), "aaaaaaa").error().kind(), ErrorKind::NotFound);
}

TEST(FindVm, RefusesWhatFitsSeveralAndNamesThem)
{
    for (auto const* wanted : { "twin", "bbbbbbbb" }) {
        auto const vm = find_vm(three_vms(), wanted);
        ASSERT_FALSE(vm.ok());
        EXPECT_EQ(vm.error().kind(), ErrorKind::Invalid);
        EXPECT_THAT(vm.error().message(), HasSubstr("bbbbbbbb-2, bbbbbbbb-3"));
    }
}

TEST(VmmTransport, RefusesAddressesThatCannotBe)
{
    for (auto const* address : { "", "unix:", "ftp://x", "127.0.0.1:80", "http://x/?token=1" })
        EXPECT_FALSE(make_transport({ .address = address }, Interrupt::never()).ok()) << address;
    for (auto const* address : { "unix:/run/vmm.sock", "http://127.0.0.1:10000", "https://host/dstack/" })
        EXPECT_TRUE(make_transport({ .address = address }, Interrupt::never()).ok()) << address;
}

TEST(VmmTransport, SendsNoSecretToAnotherMachineWithoutTls)
{
    auto const interrupt = Interrupt::never();
    Endpoint endpoint { .address = "http://vmm.example:10000", .token = Secret("canary") };
    auto const refused = make_transport(endpoint, interrupt);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message(), Not(HasSubstr("canary")));
    endpoint.tls = net::InsecureTls();
    EXPECT_TRUE(make_transport(endpoint, interrupt).ok());
    endpoint = { .address = "http://localhost:10000", .token = Secret("canary") };
    EXPECT_TRUE(make_transport(endpoint, interrupt).ok());
    endpoint.token = Secret("two\nlines");
    EXPECT_FALSE(make_transport(endpoint, interrupt).ok());
}

}  // namespace
}  // namespace mpc::vmm
