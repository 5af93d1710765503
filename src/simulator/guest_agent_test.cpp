#include <gmock/gmock.h>

#include "simulator/guest_agent_fixture.h"

namespace mpc::simulator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using SimulatedBoot = GuestAgentTest;
using SimulatedGetQuote = GuestAgentTest;
using SimulatedEmitEvent = GuestAgentTest;
using SimulatedInfo = GuestAgentTest;
using SimulatedVersion = GuestAgentTest;
using SimulatedAgent = GuestAgentTest;

TEST_F(SimulatedBoot, LogsWhatARealGuestLogsInItsOrder)
{
    boot();
    EXPECT_THAT(runtime_event_names(),
        ElementsAre("system-preparing", "app-id", "compose-hash", "instance-id", "boot-mr-done", "key-provider",
            "storage-fs", "system-ready"));
    auto const hash = to_hex(sha256({ as_bytes(default_app_compose()) }));
    EXPECT_EQ(payload_of("compose-hash"), hash);
    EXPECT_EQ(payload_of("app-id"), hash.substr(0, 40));
    EXPECT_EQ(payload_of("instance-id"), "");
    EXPECT_EQ(payload_of("system-ready"), "");
    EXPECT_EQ(payload_of("storage-fs"), "7a6673");
    EXPECT_THAT(std::string(as_text(evidence::payloads_of(m_agent->log(), "key-provider").at(0))),
        testing::MatchesRegex(R"(\{"name":"local-sgx","id":"[0-9a-f]{64}"\})"));
}

TEST_F(SimulatedBoot, DerivesItsEventsFromTheAppCompose)
{
    boot({ .app_compose = R"({"name":"x","kms_enabled":true,"storage_fs":"ext4"})" });
    EXPECT_EQ(payload_of("compose-hash"),
        to_hex(sha256({ as_bytes(R"({"name":"x","kms_enabled":true,"storage_fs":"ext4"})") })));
    EXPECT_EQ(payload_of("instance-id").size(), 40U);
    EXPECT_EQ(payload_of("storage-fs"), to_hex(as_bytes("ext4")));
    EXPECT_THAT(std::string(as_text(evidence::payloads_of(m_agent->log(), "key-provider").at(0))),
        HasSubstr(R"("name":"kms")"));
    boot({ .app_compose = R"({"name":"x"})" });
    EXPECT_EQ(payload_of("key-provider"), to_hex(as_bytes(R"({"name":"none","id":""})")));
}

TEST_F(SimulatedBoot, LogsAsItsVersionDid)
{
    boot({ .version = "0.5.4" });
    EXPECT_EQ(payload_of("storage-fs"), "0 of them");
    boot({ .version = "0.6.0" });
    EXPECT_EQ(payload_of("gpu-policy-hash"), to_hex(sha256({ as_bytes("{}") })));
}

TEST_F(SimulatedBoot, RefusesAnAppComposeThatIsNotOne)
{
    for (auto const* text : { "", "[]", "{}", R"({"name":"a","name":"b"})", R"({"name":"a","storage_fs":"fat"})" })
        EXPECT_EQ(simulator::GuestAgent::boot({ .app_compose = text }).error().kind(), ErrorKind::Invalid) << text;
}

TEST_F(SimulatedBoot, RefusesAVersionThatItDoesNotKnow)
{
    for (auto const* version : { "", "0.5", "0.5.", "0.5.x", "0.4.2", "0.7.0", "0.5.8 ", "v0.5.8", "0.5.100" })
        EXPECT_EQ(simulator::GuestAgent::boot({ .version = version }).error().kind(), ErrorKind::Invalid) << version;
}

TEST_F(SimulatedBoot, OfOneSeedIsTheSameAndOfAnotherIsNot)
{
    auto const rtmrs = [&](std::uint64_t seed) {
        boot({ .seed = seed });
        return m_agent->rtmrs();
    };
    EXPECT_EQ(rtmrs(1), rtmrs(1));
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_NE(rtmrs(1)[i], rtmrs(2)[i]) << i;
}

TEST_F(SimulatedGetQuote, HasALogThatExplainsAllFourRegisters)
{
    boot();
    auto const [view, log] = evidence_for();
    for (std::uint32_t imr = 0; imr < 3; ++imr) {
        EXPECT_EQ(evidence::replay_boot_rtmr(log, imr).value(), view.rtmrs[imr]) << imr;
        EXPECT_NE(view.rtmrs[imr], evidence::Rtmr()) << imr;
    }
    EXPECT_EQ(evidence::replay_rtmr3(log).value(), view.rtmrs[3]);
    EXPECT_EQ(view.rtmrs, m_agent->rtmrs());
}

TEST_F(SimulatedGetQuote, HoldsTheHashOfTheAppCompose)
{
    boot();
    EXPECT_EQ(to_hex(evidence_for().view.mr_config_id),
        "01" + to_hex(sha256({ as_bytes(default_app_compose()) })) + std::string(30, '0'));
}

TEST_F(SimulatedGetQuote, StripsTheLogFrom056On)
{
    for (auto const* version : { "0.5.5", "0.5.6" }) {
        boot({ .version = version });
        bool const is_stripped = std::string(version) == "0.5.6";
        for (auto const& event : evidence_for().log) {
            EXPECT_EQ(event.digest.has_value(), event.imr != 3 || !is_stripped);
            EXPECT_EQ(event.imr != 3 && event.payload.empty(), event.imr != 3 && is_stripped);
        }
    }
}

TEST_F(SimulatedGetQuote, PadsTheReportDataOnTheRight)
{
    boot();
    EXPECT_EQ(to_hex(evidence_for("1234").view.report_data), "1234" + std::string(124, '0'));
    EXPECT_EQ(to_hex(evidence_for("0x1234").view.report_data), "1234" + std::string(124, '0'));
    EXPECT_EQ(to_hex(evidence_for("").view.report_data), std::string(128, '0'));
    EXPECT_EQ(object_in(post("GetQuote", R"({"report_data":"12"})")).require_text("report_data").value(),
        "12" + std::string(126, '0'));
}

TEST_F(SimulatedGetQuote, RefusesMoreThan64BytesOfReportData)
{
    boot();
    EXPECT_EQ(evidence_for(std::string(128, 'a')).view.report_data[63], 0xaa);
    EXPECT_EQ(error_in(post("GetQuote", R"({"report_data":")" + std::string(130, 'a') + R"("})")),
        "Report data is too long");
}

TEST_F(SimulatedGetQuote, RefusesReportDataThatIsNotHex)
{
    boot();
    EXPECT_THAT(error_in(post("GetQuote", R"({"report_data":"xy"})")), HasSubstr("report_data"));
}

TEST_F(SimulatedGetQuote, TellsTheConfigurationOfTheVm)
{
    boot();
    auto const config = json::read_object(object_in(post("GetQuote")).require_text("vm_config").value());
    EXPECT_EQ(config->require_text("os_image_hash").value(), to_hex(m_agent->identity().os_image_hash));
}

TEST_F(SimulatedEmitEvent, ExtendsLogAndRegister)
{
    boot();
    auto const before = m_agent->rtmrs();
    auto const answer = emit("e", "00ff");
    EXPECT_EQ(answer.response.status, 200U);
    EXPECT_EQ(answer.response.body, "null");
    EXPECT_EQ(payload_of("e"), "00ff");
    auto expected = before;
    expected[3].extend(evidence::runtime_event_digest("e", Bytes { 0x00, 0xff }));
    EXPECT_EQ(m_agent->rtmrs(), expected);
    EXPECT_TRUE(the_log_explains_rtmr3());
}

TEST_F(SimulatedEmitEvent, OfTheSameEventExtendsAgain)
{
    boot();
    EXPECT_EQ(emit("e").response.body, "null");
    EXPECT_EQ(emit("e").response.body, "null");
    std::size_t events = 0;
    EXPECT_TRUE(the_log_explains_rtmr3(&events));
    EXPECT_EQ(events, 2U);
}

TEST_F(SimulatedEmitEvent, RefusesAPayloadThatIsNotHexAndDoesNothing)
{
    boot();
    EXPECT_THAT(error_in(emit("e", "xy")), HasSubstr("payload"));
    EXPECT_EQ(payload_of("e"), "0 of them");
}

TEST_F(SimulatedEmitEvent, IsUnknownTo06)
{
    boot({ .version = "0.6.0" });
    EXPECT_EQ(error_in(emit("e")), "Method not found: EmitEvent");
}

TEST_F(SimulatedInfo, HasTheMembersThatClientsRead)
{
    boot({ .app_compose = R"({"name":"app"})" });
    auto const info = object_in(post("Info"));
    auto const hash = to_hex(sha256({ as_bytes(R"({"name":"app"})") }));
    EXPECT_EQ(info.require_text("app_id").value(), hash.substr(0, 40));
    EXPECT_EQ(info.require_text("compose_hash").value(), hash);
    EXPECT_EQ(info.require_text("instance_id").value(), payload_of("instance-id"));
    EXPECT_EQ(info.require_text("app_name").value(), "app");
    EXPECT_EQ(info.require_text("device_id").value(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_THAT(info.require_text("app_cert").value(), HasSubstr("BEGIN CERTIFICATE"));
    EXPECT_EQ(info.require_text("key_provider_info").value(), R"({"name":"none","id":""})");
    EXPECT_EQ(info.require_text("os_image_hash").value().size(), 64U);
    EXPECT_EQ(info.require_text("mr_aggregated").value().size(), 64U);
    EXPECT_TRUE(json::read_object(info.require_text("vm_config").value()).ok());
}

TEST_F(SimulatedInfo, HasTheWholeLogInItsTcbInfo)
{
    boot();
    emit("e");
    auto const tcb_info = json::read_object(object_in(post("Info")).require_text("tcb_info").value());
    auto const log = evidence::parse_event_log(*tcb_info->require_array("event_log").value());
    ASSERT_TRUE(log.ok()) << log.error().message();
    for (auto const& event : *log)
        EXPECT_TRUE(event.digest.has_value());
    EXPECT_EQ(evidence::replay_rtmr3(*log)->hex(), tcb_info->require_text("rtmr3").value());
    EXPECT_EQ(m_agent->rtmrs()[0].hex(), tcb_info->require_text("rtmr0").value());
    EXPECT_EQ(tcb_info->require_text("app_compose").value(), default_app_compose());
    EXPECT_EQ(tcb_info->require_text("compose_hash").value(), payload_of("compose-hash"));
}

TEST_F(SimulatedVersion, IsTheOneAskedForAndExistsFrom057On)
{
    boot();
    EXPECT_EQ(object_in(post("Version")).require_text("version").value(), "0.5.8");
    boot({ .version = "0.5.7" });
    EXPECT_EQ(object_in(post("Version")).require_text("version").value(), "0.5.7");
    boot({ .version = "0.5.6" });
    EXPECT_EQ(error_in(post("Version")), "Method not found: Version");
}

TEST_F(SimulatedAgent, AnswersGetWithTheQueryAsItsArguments)
{
    boot();
    EXPECT_EQ(object_in(get("/GetQuote?report_data=0x12%334")).require_text("report_data").value(),
        "1234" + std::string(124, '0'));
    EXPECT_EQ(get("/EmitEvent?event=e+f&payload=01").response.body, "null");
    EXPECT_EQ(payload_of("e f"), "01");
    EXPECT_EQ(object_in(get("/Version")).require_text("version").value(), "0.5.8");
}

TEST_F(SimulatedAgent, AnswersAPostInJsonOnlyWhenItIsSaidToBe)
{
    boot();
    EXPECT_EQ(post("Version", "{}", "application/x-www-form-urlencoded").response.status, 400U);
    EXPECT_EQ(post("Version", "{}", "application/json; charset=utf-8").response.status, 200U);
    for (auto const* query : { "?json", "?json=1", "?json=true", "?a=b&json" })
        EXPECT_EQ(post(std::string("Version") + query, "{}", "text/plain").response.status, 200U) << query;
    EXPECT_EQ(post("Version?json=0", "{}", "text/plain").response.status, 400U);
}

TEST_F(SimulatedAgent, RefusesAnUnknownMethodWithPrettyJson)
{
    boot();
    auto const answer = post("GetKey");
    EXPECT_EQ(answer.response.body, "{\n  \"error\": \"Method not found: GetKey\"\n}");
    EXPECT_EQ(answer.response.header("Content-Type"), "application/json");
    EXPECT_EQ(answer.response.status, 400U);
}

TEST_F(SimulatedAgent, RefusesABodyThatIsNotAnObject)
{
    boot();
    for (auto const* body : { "", "[1]", "{", "{}{}", R"({"report_data":7})" })
        EXPECT_EQ(post("GetQuote", body).response.status, 400U) << body;
}

TEST_F(SimulatedAgent, FindsNothingAtAnotherPath)
{
    boot();
    for (auto const* path : { "/", "", "/prpc/GetQuote", "/Version/", "Version" })
        EXPECT_EQ(get(path).response.status, 404U) << path;
    EXPECT_EQ(m_agent->handle({ .method = http::Method::Delete, .target = "/Version" }).response.status, 404U);
}

TEST_F(SimulatedAgent, WritesItsCallsIntoTheJournal)
{
    Journal journal;
    boot({ .misbehaviours = { { .fault = Fault::DropBefore, .method = "EmitEvent" } }, .journal = &journal });
    post("Version");
    emit("mpc-image-digest");
    get("/GetQuote");
    EXPECT_THAT(journal.snapshot(), ElementsAre("agent Version", "agent EmitEvent mpc-image-digest", "agent GetQuote"));
}

}  // namespace
}  // namespace mpc::simulator
