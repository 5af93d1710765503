#include "simulator/misbehaviour.h"

#include <gtest/gtest.h>

namespace mpc::simulator {
namespace {

TEST(Misbehaviour, IsReadWithAndWithoutANumberOfCalls)
{
    auto const always = parse_misbehaviour(Fault::Fail, "EmitEvent");
    ASSERT_TRUE(always.ok());
    EXPECT_EQ(always->fault, Fault::Fail);
    EXPECT_EQ(always->method, "EmitEvent");
    EXPECT_EQ(always->calls, UINT_MAX);
    EXPECT_EQ(parse_misbehaviour(Fault::Hang, "GetQuote:3")->calls, 3U);
}

TEST(Misbehaviour, OfADelayHasATime)
{
    auto const delay = parse_misbehaviour(Fault::Delay, "Info=250:2");
    ASSERT_TRUE(delay.ok());
    EXPECT_EQ(delay->delay, Duration(250));
    EXPECT_EQ(delay->calls, 2U);
    EXPECT_FALSE(parse_misbehaviour(Fault::Delay, "Info").ok());
    EXPECT_FALSE(parse_misbehaviour(Fault::Fail, "Info=250").ok());
}

TEST(Misbehaviour, RefusesAMethodThatTheAgentDoesNotHave)
{
    EXPECT_EQ(parse_misbehaviour(Fault::Fail, "Emit").error().message(),
        "\"Emit\" is none of GetQuote, EmitEvent, Info, Version");
}

TEST(Misbehaviour, RefusesWhatIsNotANumber)
{
    for (auto const* text : { "Info:", "Info:x", "Info:-1", "Info:1x", "Info:99999999999" })
        EXPECT_FALSE(parse_misbehaviour(Fault::Fail, text).ok()) << text;
}

TEST(Lie, IsReadByName)
{
    EXPECT_EQ(parse_lie("log")->fault, Fault::LieLog);
    EXPECT_EQ(parse_lie("register")->fault, Fault::LieRegister);
    EXPECT_EQ(parse_lie("twice")->fault, Fault::LieTwice);
    EXPECT_EQ(parse_lie("phantom")->fault, Fault::LiePhantom);
    EXPECT_EQ(parse_lie("phantom")->method, "EmitEvent");
    EXPECT_EQ(parse_lie("report-data")->fault, Fault::LieReportData);
    EXPECT_EQ(parse_lie("echo:1")->fault, Fault::LieEcho);
    EXPECT_EQ(parse_lie("echo:1")->method, "GetQuote");
    EXPECT_EQ(parse_lie("echo:1")->calls, 1U);
    EXPECT_FALSE(parse_lie("truth").ok());
}

TEST(MisbehaviourPlan, CountsTheCallsOfEachMethodApart)
{
    MisbehaviourPlan plan({ { .fault = Fault::Fail, .method = "GetQuote", .calls = 1 },
        { .fault = Fault::Hang, .method = "GetQuote", .calls = 2 }, { .fault = Fault::Drop, .method = "Info" } });
    EXPECT_FALSE(plan.next_call_of("EmitEvent").has(Fault::Fail));
    auto const first = plan.next_call_of("GetQuote");
    EXPECT_TRUE(first.has(Fault::Fail));
    EXPECT_TRUE(first.has(Fault::Hang));
    EXPECT_FALSE(first.has(Fault::Drop));
    auto const second = plan.next_call_of("GetQuote");
    EXPECT_FALSE(second.has(Fault::Fail));
    EXPECT_TRUE(second.has(Fault::Hang));
    EXPECT_FALSE(plan.next_call_of("GetQuote").has(Fault::Hang));
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(plan.next_call_of("Info").has(Fault::Drop));
}

}  // namespace
}  // namespace mpc::simulator
