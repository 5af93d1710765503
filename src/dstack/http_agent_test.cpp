#include "dstack/agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evidence/quote.h"
#include "http/server.h"
#include "simulator/guest_agent.h"
#include "support/raised_signal.h"
#include "support/reference_vectors.h"
#include "support/temporary_directory.h"

namespace mpc::dstack {
namespace {

/// An agent behind a real socket: either one that answers what a test says, or the simulated one.
class Agent_ : public testing::Test {
protected:
    void serve(http::Handler handler)
    {
        m_server = std::move(http::Server::listen(m_socket, std::move(handler))).value();
        m_agent = std::move(dstack::Agent::connect(m_socket, m_never, m_deadline)).value();
    }
    void answer(unsigned status, std::string body)
    {
        serve([this, status, body = std::move(body)](http::Request const& request) -> http::Answer {
            m_request = request;
            return { .response = { .status = status, .body = body } };
        });
    }
    void simulate(simulator::GuestAgentOptions options = {})
    {
        m_simulated = std::move(simulator::GuestAgent::boot(std::move(options))).value();
        serve(m_simulated->handler());
    }
    /// GetQuote's answer of the simulated agent, with one member replaced, or removed when there is no value.
    void answer_quote_with(std::string_view member, std::optional<json::Value> value)
    {
        auto const simulated = std::move(simulator::GuestAgent::boot({})).value();
        auto const genuine = simulated->handle({ .target = "/GetQuote?report_data=" + to_hex(report_data) });
        json::Object altered;
        auto const body = json::read_object(genuine.response.body);
        for (auto const& [name, original] : *body) {
            if (name != member)
                altered.add(name, original);
        }
        if (value)
            altered.add(std::string(member), std::move(*value));
        answer(200, json::write(altered));
    }
    /// The kind of the error of quote(), or nothing.
    std::optional<ErrorKind> quote_refusal()
    {
        auto const quote = m_agent->quote(report_data);
        return quote.ok() ? std::nullopt : std::optional(quote.error().kind());
    }

    static constexpr ReportData report_data { 0x12, 0x34 };
    test::TemporaryDirectory m_directory;
    std::filesystem::path m_socket = m_directory / "dstack.sock";
    Interrupt m_never = Interrupt::never();
    Duration m_deadline = std::chrono::seconds(10);
    http::Request m_request;
    std::unique_ptr<simulator::GuestAgent> m_simulated;
    std::unique_ptr<http::Server> m_server;
    std::unique_ptr<dstack::Agent> m_agent;
};

using AgentConnect = Agent_;
using AgentVersionCall = Agent_;
using AgentQuote = Agent_;
using AgentEmitEvent = Agent_;
using AgentCall = Agent_;

TEST_F(AgentConnect, RefusesAPathWhereNothingIs)
{
    auto const agent = dstack::Agent::connect(m_socket, m_never);
    EXPECT_EQ(agent.error().kind(), ErrorKind::NotFound);
    EXPECT_EQ(agent.error().message(),
        "PLATFORM=TEE requires the dstack guest agent's unix socket at " + m_socket.string()
            + ": No such file or directory");
    EXPECT_NE(agent.error().remedy(), "");
}

TEST_F(AgentConnect, RefusesWhatIsNotASocket)
{
    auto const agent = dstack::Agent::connect(m_directory.write("file", ""), m_never);
    EXPECT_EQ(agent.error().kind(), ErrorKind::Invalid);
    EXPECT_NE(agent.error().remedy(), "");
}

TEST_F(AgentConnect, DoesNotAskYet)
{
    answer(500, "");
    EXPECT_EQ(m_request.target, "");
}

TEST_F(AgentVersionCall, IsAPostToTheRootOfTheSocket)
{
    answer(200, R"({"version":"0.5.8","rev":"x"})");
    ASSERT_TRUE(m_agent->version().ok());
    EXPECT_EQ(m_request.method, http::Method::Post);
    EXPECT_EQ(m_request.target, "/Version");
    EXPECT_EQ(m_request.body, "{}");
}

TEST_F(AgentVersionCall, ReadsBothNumbersOfEitherForm)
{
    for (std::string const text : { "0.5.8", "v0.5.8", "v0.5.8-3-gabcdef", "0.5", "0.5-rc1" }) {
        answer(200, R"({"version":")" + text + R"("})");
        auto const version = m_agent->version();
        ASSERT_TRUE(version.ok()) << text;
        EXPECT_EQ((*version)->major, 0U);
        EXPECT_EQ((*version)->minor, 5U);
        EXPECT_EQ((*version)->text, text);
        m_server.reset();
    }
}

TEST_F(AgentVersionCall, RefusesAMalformedOne)
{
    for (std::string const text : { "", "v", "0", "0.", ".5", "0.x", "0.5x", "-1.5", "0.-5", "99999999999.5", "vv0.5.8",
             " 0.5", "0,5.8", "0-5" }) {
        answer(200, R"({"version":")" + text + R"("})");
        auto const version = m_agent->version();
        ASSERT_FALSE(version.ok()) << text;
        EXPECT_EQ(version.error().kind(), ErrorKind::Invalid);
        m_server.reset();
    }
}

TEST_F(AgentVersionCall, RefusesAnAnswerWithoutAVersion)
{
    answer(200, "{}");
    EXPECT_EQ(m_agent->version().error().kind(), ErrorKind::Invalid);
}

TEST_F(AgentVersionCall, IsUnknownToAgentsBefore057)
{
    simulate({ .version = "0.5.6" });
    auto const version = m_agent->version();
    ASSERT_TRUE(version.ok());
    EXPECT_FALSE(version->has_value());
}

TEST_F(AgentVersionCall, TakesANotFoundForNone)
{
    answer(404, "<html>");
    auto const version = m_agent->version();
    ASSERT_TRUE(version.ok());
    EXPECT_FALSE(version->has_value());
}

TEST_F(AgentVersionCall, DoesNotTakeASilentAgentForAnOldOne)
{
    m_deadline = Duration(50);
    simulate({ .misbehaviours = { { .fault = simulator::Fault::Hang, .method = "Version" } } });
    EXPECT_EQ(m_agent->version().error().kind(), ErrorKind::Timeout);
}

TEST_F(AgentQuote, AsksForTheReportDataInHex)
{
    answer(400, "");
    EXPECT_FALSE(m_agent->quote(report_data).ok());
    EXPECT_EQ(m_request.target, "/GetQuote");
    EXPECT_EQ(m_request.body, R"({"report_data":"1234)" + std::string(124, '0') + R"("})");
    EXPECT_THAT(m_request.headers, testing::Contains(http::Header("Content-Type", "application/json")));
}

TEST_F(AgentQuote, GivesQuoteAndLogThatAgree)
{
    simulate();
    auto const quote = m_agent->quote(report_data);
    ASSERT_TRUE(quote.ok()) << quote.error().message();
    EXPECT_EQ(quote->view.report_data, report_data);
    EXPECT_EQ(quote->view.rtmrs, m_simulated->rtmrs());
    EXPECT_EQ(evidence::replay_rtmr3(quote->log).value(), quote->view.rtmrs[3]);
    EXPECT_EQ(evidence::parse_event_log(quote->log_text)->size(), quote->log.size());
    EXPECT_EQ(evidence::parse_quote(quote->bytes)->mrtd, quote->view.mrtd);
}

TEST_F(AgentQuote, RefusesAnotherEcho)
{
    simulate({ .misbehaviours = { { .fault = simulator::Fault::LieEcho, .method = "GetQuote" } } });
    auto const quote = m_agent->quote(report_data);
    EXPECT_EQ(quote.error().kind(), ErrorKind::Mismatch);
    EXPECT_EQ(quote.error().message(),
        "dstack agent: GetQuote: it echoes other report data than it was asked to quote");
}

TEST_F(AgentQuote, RefusesAQuoteOfOtherReportData)
{
    simulate({ .misbehaviours = { { .fault = simulator::Fault::LieReportData, .method = "GetQuote" } } });
    auto const quote = m_agent->quote(report_data);
    EXPECT_EQ(quote.error().kind(), ErrorKind::Mismatch);
    EXPECT_EQ(quote.error().message(), "dstack agent: GetQuote: the quote holds other report data than was asked for");
}

TEST_F(AgentQuote, NeedsNoEcho)
{
    answer_quote_with("report_data", std::nullopt);
    EXPECT_EQ(quote_refusal(), std::nullopt);
}

TEST_F(AgentQuote, RefusesAnEchoThatIsNotText)
{
    answer_quote_with("report_data", 7);
    EXPECT_EQ(quote_refusal(), ErrorKind::Mismatch);
}

TEST_F(AgentQuote, RefusesAnAnswerWithoutAQuote)
{
    answer_quote_with("quote", std::nullopt);
    EXPECT_EQ(quote_refusal(), ErrorKind::Invalid);
}

TEST_F(AgentQuote, RefusesAQuoteThatIsNotHex)
{
    answer_quote_with("quote", "04zz");
    EXPECT_EQ(quote_refusal(), ErrorKind::Invalid);
}

TEST_F(AgentQuote, RefusesAQuoteThatIsNotOne)
{
    answer_quote_with("quote", "0400");
    EXPECT_EQ(quote_refusal(), ErrorKind::Invalid);
}

TEST_F(AgentQuote, RefusesAnAnswerWithoutALog)
{
    answer_quote_with("event_log", std::nullopt);
    EXPECT_EQ(quote_refusal(), ErrorKind::Invalid);
}

TEST_F(AgentQuote, RefusesALogThatIsNotText)
{
    answer_quote_with("event_log", json::Array());
    EXPECT_EQ(quote_refusal(), ErrorKind::Invalid);
}

TEST_F(AgentQuote, RefusesALogThatIsNotOne)
{
    answer_quote_with("event_log", "{}");
    EXPECT_EQ(quote_refusal(), ErrorKind::Invalid);
}

TEST_F(AgentQuote, IgnoresMembersThatLaterVersionsAdd)
{
    answer_quote_with("attestation", "00");
    EXPECT_EQ(quote_refusal(), std::nullopt);
}

TEST_F(AgentQuote, ReadsWhatARealGuestAnswered)
{
    NEED_REFERENCE_VECTORS();
    auto const text = test::reference_vector("dstack/quote-report.json");
    answer(200, text);
    auto const asked = from_hex_exactly<64>(json::read_object(text)->require_text("report_data").value()).value();
    auto const quote = m_agent->quote(asked);
    ASSERT_TRUE(quote.ok()) << quote.error().message();
    EXPECT_EQ(evidence::replay_rtmr3(quote->log).value(), quote->view.rtmrs[3]);
}

TEST_F(AgentEmitEvent, SendsNameAndPayload)
{
    answer(200, "null");
    ASSERT_TRUE(m_agent->emit_event("mpc-image-digest", Bytes { 0x00, 0xff }).ok());
    EXPECT_EQ(m_request.method, http::Method::Post);
    EXPECT_EQ(m_request.target, "/EmitEvent");
    EXPECT_EQ(m_request.body, R"({"event":"mpc-image-digest","payload":"00ff"})");
    EXPECT_THAT(m_request.headers, testing::Contains(http::Header("Content-Type", "application/json")));
}

TEST_F(AgentEmitEvent, ExtendsTheSimulatedRegisterAndLog)
{
    simulate();
    auto expected = m_simulated->rtmrs()[3];
    expected.extend(evidence::runtime_event_digest("a", Bytes { 1 }));
    ASSERT_TRUE(m_agent->emit_event("a", Bytes { 1 }).ok());
    EXPECT_EQ(m_simulated->rtmrs()[3], expected);
    EXPECT_EQ(evidence::payloads_of(m_simulated->log(), "a"), (std::vector<Bytes> { { 1 } }));
}

TEST_F(AgentEmitEvent, TakesEveryFormOfNothingForSuccess)
{
    for (auto const* body : { "null", "null\n", "{}", "" }) {
        answer(200, body);
        EXPECT_TRUE(m_agent->emit_event("a", {}).ok()) << body;
        m_server.reset();
    }
}

TEST_F(AgentEmitEvent, TakesAnythingElseForAnUnknownOutcome)
{
    for (auto const* body : { R"({"error":"no"})", "[]", "true", "<html>" }) {
        answer(200, body);
        EXPECT_EQ(m_agent->emit_event("a", {}).error().kind(), ErrorKind::Invalid) << body;
        m_server.reset();
    }
}

TEST_F(AgentEmitEvent, IsRefusedBy06)
{
    simulate({ .version = "0.6.0" });
    EXPECT_EQ(m_agent->emit_event("a", {}).error().kind(), ErrorKind::Refused);
}

TEST_F(AgentCall, GivesTheAgentsOwnReasonOfARefusal)
{
    answer(400, "{\n  \"error\": \"outer: inner\"\n}");
    auto const refused = m_agent->emit_event("a", {});
    EXPECT_EQ(refused.error().kind(), ErrorKind::Refused);
    EXPECT_EQ(refused.error().message(), "dstack agent: EmitEvent: outer: inner");
}

TEST_F(AgentCall, CutsAndCleansTheReasonOfARefusal)
{
    answer(400, R"({"error":"\u001b[31m)" + std::string(5000, 'x') + R"("})");
    auto const message = m_agent->emit_event("a", {}).error().message();
    EXPECT_EQ(message.find('\x1b'), std::string::npos);
    EXPECT_LT(message.size(), 600U);
}

TEST_F(AgentCall, IsRefusedWithoutAReasonToo)
{
    for (auto const* body : { "", "not JSON", "{}", R"({"error":7})" }) {
        answer(400, body);
        EXPECT_EQ(m_agent->emit_event("a", {}).error().message(), "dstack agent: EmitEvent: HTTP 400 without a reason")
            << body;
        m_server.reset();
    }
}

TEST_F(AgentCall, TakesAnotherStatusForAnUnknownOutcome)
{
    for (unsigned const status : { 201U, 302U, 500U, 502U }) {
        answer(status, "null");
        EXPECT_EQ(m_agent->emit_event("a", {}).error().kind(), ErrorKind::Invalid) << status;
        m_server.reset();
    }
}

TEST_F(AgentCall, SaysTimeoutWhenTheAnswerDoesNotCome)
{
    m_deadline = Duration(50);
    simulate({ .misbehaviours = { { .fault = simulator::Fault::Hang, .method = "GetQuote" } } });
    EXPECT_EQ(quote_refusal(), ErrorKind::Timeout);
}

TEST_F(AgentCall, SaysIoWhenTheConnectionIsLostBeforeOrWithinTheAnswer)
{
    simulate({ .misbehaviours = { { .fault = simulator::Fault::Drop, .method = "GetQuote", .calls = 1 },
                   { .fault = simulator::Fault::Cut, .method = "GetQuote", .calls = 2 } } });
    EXPECT_EQ(quote_refusal(), ErrorKind::Io);
    EXPECT_EQ(quote_refusal(), ErrorKind::Io);
    EXPECT_EQ(quote_refusal(), std::nullopt);
}

TEST_F(AgentCall, RefusesAnErrorPageThatSays200)
{
    simulate({ .misbehaviours = { { .fault = simulator::Fault::Html, .method = "GetQuote" } } });
    EXPECT_EQ(quote_refusal(), ErrorKind::Invalid);
}

TEST_F(AgentCall, SaysUnreachableWhenNobodyListensAnyMore)
{
    simulate();
    m_server.reset();
    EXPECT_EQ(quote_refusal(), ErrorKind::Unreachable);
}

TEST_F(AgentCall, EndsWhenASignalAsksForIt)
{
    auto const interrupt = std::move(Interrupt::on_signals({ SIGUSR2 })).value();
    simulate({ .misbehaviours = { { .fault = simulator::Fault::Hang, .method = "GetQuote" } } });
    m_agent = std::move(dstack::Agent::connect(m_socket, interrupt)).value();
    test::RaisedSignal const raised(SIGUSR2);
    EXPECT_EQ(quote_refusal(), ErrorKind::Interrupted);
}

}  // namespace
}  // namespace mpc::dstack
