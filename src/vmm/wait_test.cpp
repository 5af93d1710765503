#include "vmm/wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vmm/fake_transport.h"

namespace mpc::vmm {
namespace {

using namespace std::chrono_literals;
using test::an_id;
using test::answered;
using test::client_of;
using test::FakeTransport;
using test::info_answer;
using test::vm_json;
using ::testing::HasSubstr;

constexpr auto gone = R"({"found":false})";
constexpr Patience patience { .deadline = 100ms, .pause = 1ms };

FakeTransport::State state_of(std::vector<http::Response> answers)
{
    return { .answers = { { "GetInfo", std::move(answers) } } };
}

TEST(VmmWait, EndsWhenTheVmIsAsItWasAskedToBe)
{
    auto state = state_of({ info_answer(vm_json("stopping")), info_answer(vm_json("stopped")) });
    auto client = client_of(state);
    EXPECT_TRUE(wait_until_stopped(client, an_id, patience, Interrupt::never()).ok());
    EXPECT_EQ(state.calls.size(), 2U);
}

TEST(VmmWait, DoesNotTakeAnExitedVmForAStoppedOne)
{
    auto state = state_of({ info_answer(vm_json("exited")) });
    auto client = client_of(state);
    auto const done = wait_until_stopped(client, an_id, patience, Interrupt::never());
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().kind(), ErrorKind::Timeout);
    EXPECT_THAT(done.error().message(), HasSubstr("it is exited"));
}

TEST(VmmWait, PausesNeverLongerThanTold)
{
    EXPECT_EQ(Pauses(1ms).next(), 1ms);
    EXPECT_EQ(Pauses(0ms).next(), 0ms);
    EXPECT_EQ(Pauses(1s).next(), 50ms);
}

TEST(VmmWait, SaysThatAVmIsGone)
{
    auto state = state_of({ answered(gone) });
    auto client = client_of(state);
    EXPECT_EQ(wait_until_running(client, an_id, patience, Interrupt::never()).error().kind(), ErrorKind::NotFound);
    EXPECT_TRUE(wait_until_gone(client, an_id, patience, Interrupt::never()).ok());
}

TEST(VmmWait, AsksAgainWhenTheVmmDoesNotAnswerButNotWhenItRefuses)
{
    auto refusing = state_of({ answered("", 401) });
    auto client = client_of(refusing);
    EXPECT_EQ(wait_until_gone(client, an_id, patience, Interrupt::never()).error().kind(), ErrorKind::Refused);
    EXPECT_EQ(refusing.calls.size(), 1U);
    FakeTransport::State silent { .error = Error(ErrorKind::Unreachable, "nobody") };
    auto deaf = client_of(silent);
    auto const done = wait_until_gone(deaf, an_id, patience, Interrupt::never());
    EXPECT_EQ(done.error().kind(), ErrorKind::Timeout);
    EXPECT_GT(silent.calls.size(), 1U);
}

http::Response const not_reached = answered(R"({"error":"Failed to connect to the guest agent"})", 400);

TEST(ShutDown, AsksAGuestAgainThatStillBoots)
{
    FakeTransport::State state {
        .answers = { { "ShutdownVm", { not_reached, not_reached, answered("null") } },
            { "GetInfo",
                { info_answer(vm_json("running", "booting")), info_answer(vm_json("running", "setting up docker")),
                    info_answer(vm_json("stopped")) } } }
    };
    auto client = client_of(state);
    EXPECT_TRUE(shut_down(client, an_id, Status::Running, patience, Interrupt::never()).ok());
    EXPECT_TRUE(state.answers["ShutdownVm"].front().is_success());
}

TEST(ShutDown, SaysSoWhenAGuestThatHasBootedCannotBeAsked)
{
    FakeTransport::State state { .answers = {
                                     { "ShutdownVm", { not_reached } }, { "GetInfo", { info_answer(vm_json()) } } } };
    auto client = client_of(state);
    auto const refused = shut_down(client, an_id, Status::Running, patience, Interrupt::never());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind(), ErrorKind::Refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("cannot be asked to end"));
    EXPECT_EQ(state.calls.size(), 2U);
}

TEST(ShutDown, EndsInTimeWithAGuestThatNeverBoots)
{
    FakeTransport::State state { .answers = { { "ShutdownVm", { not_reached } },
                                     { "GetInfo", { info_answer(vm_json("running", "booting")) } } } };
    auto client = client_of(state);
    EXPECT_EQ(shut_down(client, an_id, Status::Running, patience, Interrupt::never()).error().kind(),
        ErrorKind::Refused);
}

TEST(ShutDown, DoesNotAskWhatHasNoGuest)
{
    auto const calls = [](Status status) {
        FakeTransport::State state { .answers = { { "StopVm", { answered("null") } },
                                         { "GetInfo", { info_answer(vm_json("stopped")) } } } };
        auto client = client_of(state);
        EXPECT_TRUE(shut_down(client, an_id, status, patience, Interrupt::never()).ok());
        return state.calls.front().first;
    };
    EXPECT_EQ(calls(Status::Exited), "StopVm");
    EXPECT_EQ(calls(Status::Stopping), "GetInfo");
}

}  // namespace
}  // namespace mpc::vmm
