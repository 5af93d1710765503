#include "vmm/boot.h"

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
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string const good_log = "2026-08-13T12:00:00Z 12:00:00 digest: selected\n"
                             "2026-08-13T12:00:09Z 12:00:09 start: MPC launched successfully. (container=abc)\n";
std::string const bad_log = "2026-08-13T12:00:00Z 12:00:00 config: user_config: line 3 (exit=4)\n"
                            "2026-08-13T12:00:00Z 12:00:00 remedy: mend it\n";
std::string const pull_log = "2026-08-13T12:00:00Z 12:00:00 pull: no registry (exit=6)\n";

/// What following a boot comes to, with the VMs that GetInfo answers and the log of the launcher.
Result<BootReport> follow(std::vector<http::Response> answers, ReadLauncherLog log,
    std::vector<std::string>* steps = nullptr, std::string seen = "", Duration patience_with_exited = 1h)
{
    FakeTransport::State state { .answers = { { "GetInfo", std::move(answers) } } };
    auto client = client_of(state);
    BootWatch watch { .deadline = 100ms,
        .pause = 1ms,
        .launcher_log = std::move(log),
        .seen_before = std::move(seen),
        .patience_with_exited = patience_with_exited };
    if (steps)
        watch.on_progress = [steps](std::string const& step) { steps->push_back(step); };
    return follow_boot(client, an_id, watch, Interrupt::never());
}

ReadLauncherLog says(std::string log)
{
    return [log = std::move(log)]() -> Result<std::string> { return log; };
}

TEST(FollowBoot, EndsWhenTheLauncherHasLaunched)
{
    std::vector<std::string> steps;
    auto const report =
        follow({ info_answer(vm_json("running", "booting")), info_answer(vm_json()) }, says(good_log), &steps);
    ASSERT_TRUE(report.ok()) << report.error().message();
    EXPECT_EQ(report->outcome, BootOutcome::Launched);
    EXPECT_THAT(steps, ElementsAre("VM running, booting", "VM running, done", HasSubstr("MPC launched successfully.")));
}

TEST(FollowBoot, DoesNotTakeAnEarlierBootsWordForThisOne)
{
    auto const last = read_launcher_log(good_log, "").last_line;
    EXPECT_EQ(follow({ info_answer(vm_json()) }, says(good_log), nullptr, last)->outcome, BootOutcome::TimedOut);
    auto const again = good_log + "2026-08-14T12:00:09Z start: MPC launched successfully.\n";
    EXPECT_EQ(follow({ info_answer(vm_json()) }, says(again), nullptr, last)->outcome, BootOutcome::Launched);
}

TEST(FollowBoot, DoesNotBelieveALogWhileTheVmDoesNotRun)
{
    EXPECT_EQ(follow({ info_answer(vm_json("exited")) }, says(good_log))->outcome, BootOutcome::TimedOut);
    EXPECT_EQ(follow({ info_answer(vm_json("stopped")) }, says(good_log))->outcome, BootOutcome::Failed);
}

TEST(FollowBoot, EndsWhenTheGuestCannotBoot)
{
    auto const report = follow({ info_answer(vm_json("running", "mounting data disk", "No key available")) }, {});
    EXPECT_EQ(report->outcome, BootOutcome::Failed);
    EXPECT_THAT(report->reason, HasSubstr("No key available"));
}

TEST(FollowBoot, EndsWhenTheLauncherWillNotMend)
{
    auto const report = follow({ info_answer(vm_json()) }, says(bad_log));
    EXPECT_EQ(report->outcome, BootOutcome::Failed);
    EXPECT_EQ(report->launcher, ExitCode::Config);
    EXPECT_THAT(report->reason, HasSubstr("exit code 4 (config)"));
}

TEST(FollowBoot, BelievesNoLogBeforeTheGuestHasStartedItsContainers)
{
    for (auto const& log : { good_log, bad_log }) {
        auto const report = follow({ info_answer(vm_json("running", "starting containers")) }, says(log));
        EXPECT_EQ(report->outcome, BootOutcome::TimedOut);
        EXPECT_THAT(report->reason, HasSubstr("VM running, starting containers"));
        EXPECT_FALSE(report->launcher);
    }
}

TEST(FollowBoot, EndsWhenTheVmHasExitedAndIsNotStartedAgain)
{
    auto const report = follow({ info_answer(vm_json("exited")) }, says(good_log), nullptr, "", 10ms);
    EXPECT_EQ(report->outcome, BootOutcome::Failed);
    EXPECT_THAT(report->reason, HasSubstr("has exited"));
    auto const again =
        follow({ info_answer(vm_json("exited")), info_answer(vm_json()) }, says(good_log), nullptr, "", 10ms);
    EXPECT_EQ(again->outcome, BootOutcome::Launched);
}

TEST(FollowBoot, WaitsForALauncherThatMayMend)
{
    auto const report = follow({ info_answer(vm_json()) }, says(pull_log));
    EXPECT_EQ(report->outcome, BootOutcome::TimedOut);
    EXPECT_EQ(report->launcher, ExitCode::Pull);
    EXPECT_THAT(report->reason, HasSubstr("exit=6"));
}

TEST(FollowBoot, SaysWhenTheLauncherCannotBeSeen)
{
    EXPECT_EQ(follow({ info_answer(vm_json()) }, {})->outcome, BootOutcome::Unconfirmed);
    EXPECT_EQ(follow({ info_answer(vm_json("running", "booting")) }, {})->outcome, BootOutcome::TimedOut);
}

TEST(FollowBoot, WaitsWhileTheLogCannotBeReadYet)
{
    auto const silent = []() -> Result<std::string> { return Error(ErrorKind::Unreachable, "nobody there"); };
    auto const report = follow({ info_answer(vm_json()) }, silent);
    EXPECT_EQ(report->outcome, BootOutcome::TimedOut);
    EXPECT_THAT(report->reason, HasSubstr("nobody there"));
}

TEST(FollowBoot, EndsWhenTheVmIsGoneOrTheVmmRefuses)
{
    EXPECT_EQ(follow({ answered(R"({"found":false})") }, {}).error().kind(), ErrorKind::NotFound);
    EXPECT_EQ(follow({ answered("", 401) }, {}).error().kind(), ErrorKind::Refused);
}

TEST(LauncherLog, IsJudgedByItsLastRun)
{
    EXPECT_TRUE(read_launcher_log(pull_log + good_log, "").is_launched);
    auto const later = read_launcher_log(good_log + pull_log, "");
    EXPECT_FALSE(later.is_launched);
    EXPECT_EQ(later.failure, ExitCode::Pull);
    EXPECT_EQ(read_launcher_log(R"({"level":"error","step":"reboot","exit":"9"})", "").failure, ExitCode::Reboot);
    EXPECT_FALSE(read_launcher_log("exit=99\nexit=x\n", "").failure);
}

TEST(LauncherLog, TellsWhichImageItsLastRunChose)
{
    auto const chose = [](char digit) {
        return "12:00:00 digest: selected the newest approved digest (digest=sha256:" + std::string(64, digit) + ")\n";
    };
    EXPECT_EQ(read_launcher_log(good_log, "").selected, "");
    EXPECT_EQ(read_launcher_log(chose('a') + good_log, "").selected, "sha256:" + std::string(64, 'a'));
    auto const again = read_launcher_log(chose('a') + good_log + chose('b'), "");
    EXPECT_EQ(again.selected, "sha256:" + std::string(64, 'b'));
    EXPECT_FALSE(again.is_launched);
    EXPECT_EQ(read_launcher_log("selected the sha256:ab\n", "").selected, "");
}

TEST(LauncherLog, IsReachedWhereThePortIsBound)
{
    auto const interrupt = Interrupt::never();
    std::vector<PortForward> const local { { .address = "127.0.0.1", .host = 9208, .vm = 8090 } };
    std::vector<PortForward> const open { { .address = "0.0.0.0", .host = 9208, .vm = 8090 } };
    EXPECT_TRUE(launcher_log_of(local, "unix:/run/vmm.sock", interrupt));
    EXPECT_TRUE(launcher_log_of(local, "http://127.0.0.1:10000", interrupt));
    EXPECT_FALSE(launcher_log_of(local, "https://far.example", interrupt));
    EXPECT_TRUE(launcher_log_of(open, "https://far.example", interrupt));
    EXPECT_FALSE(launcher_log_of({ { .host = 80, .vm = 80 } }, "unix:/x", interrupt));
}

}  // namespace
}  // namespace mpc::vmm
