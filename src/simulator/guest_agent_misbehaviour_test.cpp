#include <gmock/gmock.h>

#include "simulator/guest_agent_fixture.h"

namespace mpc::simulator {
namespace {

using testing::HasSubstr;

using MisbehavingAgent = GuestAgentTest;

TEST_F(MisbehavingAgent, FailsWithoutDoingTheWork)
{
    boot_with({ .fault = Fault::Fail, .method = "EmitEvent", .calls = 1 });
    EXPECT_EQ(error_in(emit("e")), "told to fail");
    EXPECT_EQ(payload_of("e"), "0 of them");
    EXPECT_EQ(emit("e").response.status, 200U);
}

TEST_F(MisbehavingAgent, DropsTheConnectionBeforeTheWork)
{
    boot_with({ .fault = Fault::DropBefore, .method = "EmitEvent" });
    EXPECT_TRUE(emit("e").delivery.drop);
    EXPECT_EQ(payload_of("e"), "0 of them");
}

TEST_F(MisbehavingAgent, DropsTheConnectionAfterTheWork)
{
    boot_with({ .fault = Fault::Drop, .method = "EmitEvent" });
    EXPECT_TRUE(emit("e").delivery.drop);
    EXPECT_EQ(payload_of("e"), "01");
}

TEST_F(MisbehavingAgent, HangsAfterTheWork)
{
    boot_with({ .fault = Fault::Hang, .method = "EmitEvent" });
    EXPECT_TRUE(emit("e").delivery.hang);
    EXPECT_EQ(payload_of("e"), "01");
}

TEST_F(MisbehavingAgent, AnswersLate)
{
    boot_with({ .fault = Fault::Delay, .method = "EmitEvent", .delay = Duration(250) });
    EXPECT_EQ(emit("e").delivery.delay, Duration(250));
    EXPECT_EQ(post("Version").delivery.delay, Duration(0));
}

TEST_F(MisbehavingAgent, CutsAnAnswer)
{
    boot_with({ .fault = Fault::Cut, .method = "GetQuote" });
    auto const answer = post("GetQuote");
    EXPECT_LT(answer.delivery.cut_after, answer.response.body.size());
}

TEST_F(MisbehavingAgent, AnswersWithAnErrorPageThatSays200)
{
    boot_with({ .fault = Fault::Html, .method = "EmitEvent" });
    auto const answer = emit("e");
    EXPECT_EQ(answer.response.status, 200U);
    EXPECT_THAT(answer.response.body, HasSubstr("<html>"));
    EXPECT_EQ(payload_of("e"), "0 of them");
}

TEST_F(MisbehavingAgent, CanLeaveAnEventOutOfTheLog)
{
    boot_with({ .fault = Fault::LieLog, .method = "EmitEvent" });
    EXPECT_EQ(emit("e").response.body, "null");
    std::size_t events = 1;
    EXPECT_FALSE(the_log_explains_rtmr3(&events));
    EXPECT_EQ(events, 0U);
}

TEST_F(MisbehavingAgent, CanLeaveTheRegisterAsItWas)
{
    boot_with({ .fault = Fault::LieRegister, .method = "EmitEvent" });
    auto const before = m_agent->rtmrs();
    EXPECT_EQ(emit("e").response.body, "null");
    EXPECT_EQ(m_agent->rtmrs(), before);
    EXPECT_EQ(payload_of("e"), "01");
}

TEST_F(MisbehavingAgent, CanExtendTwice)
{
    boot_with({ .fault = Fault::LieTwice, .method = "EmitEvent" });
    EXPECT_EQ(emit("e").response.body, "null");
    std::size_t events = 0;
    EXPECT_TRUE(the_log_explains_rtmr3(&events));
    EXPECT_EQ(events, 2U);
}

TEST_F(MisbehavingAgent, CanLogAnEventWhoseExtensionFails)
{
    boot_with({ .fault = Fault::LiePhantom, .method = "EmitEvent" });
    auto const before = m_agent->rtmrs();
    EXPECT_EQ(error_in(emit("e")), "Failed to extend RTMR3");
    EXPECT_EQ(m_agent->rtmrs(), before);
    EXPECT_EQ(payload_of("e"), "01");
}

TEST_F(MisbehavingAgent, CanQuoteOrEchoOtherReportData)
{
    boot_with({ .fault = Fault::LieReportData, .method = "GetQuote" });
    EXPECT_EQ(evidence_for("00").view.report_data[0], 0xff);
    EXPECT_THAT(post("GetQuote").response.body, HasSubstr(R"("report_data":"0000)"));
    boot_with({ .fault = Fault::LieEcho, .method = "GetQuote" });
    EXPECT_EQ(evidence_for("00").view.report_data[0], 0x00);
    EXPECT_THAT(post("GetQuote").response.body, HasSubstr(R"("report_data":"ff00)"));
}

}  // namespace
}  // namespace mpc::simulator
