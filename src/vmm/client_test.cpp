#include "vmm/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "vmm/fake_transport.h"

namespace mpc::vmm {
namespace {

using test::an_id;
using test::answered;
using test::client_of;
using test::FakeTransport;
using test::info_answer;
using test::vm_json;
using ::testing::AllOf;
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

/// The message of a refusal in which the VMM says this to who has shown these credentials.
std::string refusal_of(Endpoint const& endpoint, std::string const& reason)
{
    FakeTransport::State state { .answers = { { "GetInfo", { answered(R"({"error":")" + reason + "\"}", 400) } } } };
    return client_of(state, secrets_of(endpoint)).info(an_id).error().message();
}

TEST(VmmClient, MasksCredentialsAsAHeaderHasThem)
{
    Endpoint const password { .address = "", .user = "admin", .password = Secret("hunter2secret") };
    auto const basic = to_base64(as_bytes("admin:hunter2secret"));
    EXPECT_THAT(refusal_of(password, "bad token Basic " + basic),
        AllOf(HasSubstr("bad token Basic ***"), Not(HasSubstr("YWRt"))));
    EXPECT_THAT(refusal_of(password, "bad " + basic.substr(0, basic.find('='))), Not(HasSubstr("YWRt")));
    EXPECT_THAT(refusal_of(password, "not hunter2secret"), Not(HasSubstr("hunter2")));
    EXPECT_THAT(refusal_of({ .address = "", .token = Secret("tok-123456") }, "bad token Bearer tok-123456"),
        HasSubstr("Bearer ***"));
}

TEST(VmmClient, ShowsNoWordsWithAShortCredential)
{
    auto const message = refusal_of({ .address = "", .token = Secret("abcde") }, "bad token abcde, not abc");
    EXPECT_THAT(message, AllOf(HasSubstr("not shown"), Not(HasSubstr("abc")), Not(HasSubstr("bad token"))));
    EXPECT_THAT(refusal_of({ .address = "", .token = Secret("abcde") }, "no space left"), HasSubstr("no space left"));
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

/// What becomes of a log that is answered so; `text` is what was handed over of it.
Result<void> take_log(std::string body, LogRequest const& request, std::string& text)
{
    FakeTransport::State state { .log = answered(std::move(body)) };
    return client_of(state).logs(an_id, request, [&](std::string_view piece) -> Result<void> {
        text += piece;
        return ok;
    });
}

TEST(VmmClient, TakesNoPageForALog)
{
    for (auto const* page : { "<html>login</html>", "<!DOCTYPE html>\n<p>", "\r\n <HTML lang=\"en\">" }) {
        std::string text;
        EXPECT_EQ(take_log(page, {}, text).error().kind(), ErrorKind::Invalid) << page;
        EXPECT_EQ(text, "");
    }
    for (auto const* log : { "<6>[    0.000000] Linux version", "<ht", " \n", "", "< html" }) {
        std::string text;
        EXPECT_TRUE(take_log(log, {}, text).ok()) << log;
        EXPECT_EQ(text, log);
    }
}

TEST(VmmClient, TakesNoMoreThanTheLinesOfALogCanHave)
{
    std::string const long_log(std::size_t { 2 } << 20, 'x');
    std::string text;
    auto const refused = take_log(long_log, { .lines = 5 }, text);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message(), HasSubstr("more than the 1 MiB"));
    EXPECT_FALSE(refused.error().remedy().empty());
    EXPECT_TRUE(take_log(long_log, { .lines = 100 }, text).ok());
    EXPECT_TRUE(take_log(long_log, { .lines = 5, .follow = true }, text).ok());
    EXPECT_FALSE(take_log(std::string((std::size_t { 64 } << 20) + 1, 'x'), { .lines = 100000 }, text).ok());
}

TEST(VmmClient, WaitsForALogAsLongAsItWasToldTo)
{
    FakeTransport::State state { .log = answered("") };
    auto const take = [](std::string_view) -> Result<void> { return ok; };
    ASSERT_TRUE(client_of(state).logs(an_id, { .silence = std::chrono::seconds(3) }, take).ok());
    EXPECT_EQ(state.silence, std::chrono::seconds(3));
    ASSERT_TRUE(client_of(state).logs(an_id, { .follow = true, .silence = std::chrono::seconds(3) }, take).ok());
    EXPECT_GT(state.silence, std::chrono::minutes(1));
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

TEST(VmmTransport, LooksAtTheCaFileBeforeAnybodyIsAsked)
{
    auto const ca = [](std::string const& path) {
        return make_transport({ .address = "https://127.0.0.1:1", .tls = net::CaFile { path } }, Interrupt::never());
    };
    EXPECT_EQ(ca("/nowhere/ca.pem").error().kind(), ErrorKind::NotFound);
    EXPECT_THAT(ca("/nowhere/ca.pem").error().remedy(), HasSubstr("--tls-ca"));
    EXPECT_EQ(ca("/proc/version").error().kind(), ErrorKind::Invalid);
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
