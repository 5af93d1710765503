#include "vmm/upgrade.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/temporary_directory.h"
#include "json/json.h"

namespace mpc::vmm {
namespace {

using namespace std::chrono_literals;

constexpr auto an_id = "0f1e2d3c-4b5a-4697-8877-665544332211";

/// One VM that does what it is asked; a test can let it fail.
struct Machine {
    std::string status = "running";
    std::string user_config = "old";
    std::vector<std::string> calls {};         ///< that changed something
    std::string refuses {};                    ///< a method
    int refuses_after = 0;                     ///< so many of its calls
    std::optional<std::string> interferes {};  ///< somebody else's user_config, written at interferes_at
    std::string interferes_at = "ShutdownVm";
    int interferes_after = 0;  ///< so many of its calls
    bool ignores_shutdown = false;
    bool starts_again_after_stop = false;  ///< once it was seen to be stopped
    std::string silent_after {};           ///< a method

    Result<http::Response> answer(std::string const& method, json::Object const& request)
    {
        if (std::ranges::find(calls, silent_after) != calls.end())
            return Error(ErrorKind::Unreachable, "nobody answers");
        if (method == "GetInfo") {
            auto const told = info();
            if (starts_again_after_stop && status == "stopped")
                status = "running";
            return http::Response { .status = 200, .body = told };
        }
        if (method == "Version")
            return http::Response { .status = 200, .body = R"({"version":"0.5.8","rev":""})" };
        calls.push_back(method);
        if (method == refuses && refuses_after-- <= 0)
            return http::Response { .status = 400, .body = R"({"error":"no"})" };
        if (method == "ShutdownVm" && !ignores_shutdown)
            status = "stopped";
        if (method == "StopVm")
            status = "stopped";
        if (method == "StartVm")
            status = "running";
        if (method == "UpdateVm")
            user_config = request.require_text("user_config").value();
        if (method == interferes_at && interferes_after-- == 0)
            user_config = interferes.value_or(user_config);
        return http::Response { .status = 200, .body = method == "UpdateVm" ? R"({"id":""})" : "null" };
    }

    [[nodiscard]] std::string info() const
    {
        return R"({"found":true,"info":{"id":")" + std::string(an_id) + R"(","name":"node","status":")" + status
            + R"(","uptime":"","app_url":null,"app_id":"","instance_id":"","configuration":{"name":"node","image":"i",)"
              R"("compose_file":"{}","vcpu":1,"memory":1,"disk_size":1,"ports":[],"encrypted_env":"","user_config":)"
            + json::write(json::Value(user_config))
            + R"(,"hugepages":false},"exited_at":"","boot_progress":"done","boot_error":"",)"
              R"("shutdown_progress":"","image_version":"0.5.8","events":[]}})";
    }
};

class MachineTransport : public Transport {
public:
    explicit MachineTransport(Machine& machine) : m_machine(machine) {}
    Result<http::Response> post(std::string const& target, std::string const& body) override
    {
        return m_machine.answer(target.substr(6, target.find('?') - 6), json::read_object(body).value());
    }
    Result<http::Response> stream(std::string const&, http::OnPiece const&, Duration) override
    {
        return http::Response { .status = 404 };
    }

private:
    Machine& m_machine;
};

struct Upgrades : testing::Test {
    test::TemporaryDirectory const directory;
    Machine machine;
    Client client { std::make_unique<MachineTransport>(machine) };
    Interrupt const interrupt = Interrupt::never();
    UpgradeJournal const journal = UpgradeJournal::open(directory.path(), an_id).value();
    Claim const claim = Claim::make("here", crypto::Time()).value();
    Claim const their_claim = Claim::make("there", crypto::Time()).value();
    UpgradeRecord const record { .vm = an_id,
        .digest = image::ImageDigest({ 1 }),
        .claim = claim,
        .old_user_config = Secret("old"),
        .new_user_config = Secret("new") };
    using Health = Result<std::optional<RebootWanted>>;
    AwaitHealth health = [](UpgradeRecord const&) -> Health { return std::nullopt; };
    std::string log = "seen";
    std::vector<std::string> failures {};
    StubbornGuest stubborn = StubbornGuest::Leave;

    /// A node that is well in one direction only.
    static AwaitHealth only(Direction direction)
    {
        return [direction](UpgradeRecord const& asked) -> Health {
            if (asked.direction == direction)
                return std::nullopt;
            return Error(ErrorKind::Mismatch, "the launcher refuses");
        };
    }
    Result<UpgradeOutcome> run(UpgradeRecord const& from)
    {
        Patience const patience { .deadline = 20ms, .pause = 1ms };
        UpgradeHooks const hooks { .await_health = health,
            .last_log_line = [this] { return log; },
            .on_failure = [this](UpgradeRecord const& failed) { failures.push_back(failed.reason); } };
        EXPECT_TRUE(journal.save(from).ok());
        return Upgrade(client, journal, hooks, { patience, patience, stubborn, 1ms }, interrupt).run(from);
    }
    Result<UpgradeOutcome> run() { return run(record); }
    std::string calls()
    {
        std::string all;
        for (auto const& call : machine.calls)
            all += call + " ";
        return all;
    }
    bool under_way() { return journal.load()->has_value(); }
    [[nodiscard]] std::string claimed(std::string const& user_config) const
    {
        return claim.on(Secret(user_config)).reveal();
    }
};

TEST_F(Upgrades, ClaimStopUpdateStartAndReleaseTheVm)
{
    auto const outcome = run().value();
    EXPECT_FALSE(outcome.rolled_back);
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm UpdateVm StartVm UpdateVm ");
    EXPECT_EQ(machine.user_config, "new");
    EXPECT_EQ(machine.status, "running");
    EXPECT_FALSE(under_way());
}

TEST_F(Upgrades, KeepTheClaimUntilTheNodeIsWell)
{
    std::string seen;
    health = [&](UpgradeRecord const&) -> Health {
        seen = machine.user_config;
        return std::nullopt;
    };
    ASSERT_TRUE(run().ok());
    EXPECT_EQ(seen, claimed("new"));
}

TEST_F(Upgrades, GoBackWhenTheNodeIsNotWell)
{
    health = only(Direction::Back);
    auto const outcome = run().value();
    EXPECT_TRUE(outcome.rolled_back);
    EXPECT_EQ(outcome.reason, "the launcher refuses");
    EXPECT_EQ(failures, std::vector { outcome.reason });
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm UpdateVm StartVm ShutdownVm UpdateVm StartVm UpdateVm ");
    EXPECT_EQ(machine.user_config, "old");
    EXPECT_FALSE(under_way());
}

TEST_F(Upgrades, RebootAVmWhoseLauncherAsksForIt)
{
    std::vector<std::string> seen;
    health = [&](UpgradeRecord const& asked) -> Health {
        seen.push_back(asked.log_seen);
        if (seen.size() <= Upgrade::most_reboots)
            return RebootWanted { "a port is kept" };
        return std::nullopt;
    };
    auto const outcome = run().value();
    EXPECT_FALSE(outcome.rolled_back);
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm UpdateVm StartVm ShutdownVm StartVm ShutdownVm StartVm UpdateVm ");
    EXPECT_EQ(seen, (std::vector<std::string> { "", "seen", "seen" })) << "a new boot is not judged by the old one";
    EXPECT_EQ(machine.user_config, "new");
    EXPECT_TRUE(failures.empty());
}

TEST_F(Upgrades, GoBackWhenNoRebootHelps)
{
    health = [](UpgradeRecord const& asked) -> Health {
        if (asked.direction == Direction::Forward)
            return RebootWanted { "a port is kept" };
        return std::nullopt;
    };
    auto const outcome = run().value();
    EXPECT_TRUE(outcome.rolled_back);
    EXPECT_EQ(outcome.reason, "a port is kept");
    EXPECT_EQ(failures, std::vector { outcome.reason });
    EXPECT_EQ(calls(),
        "UpdateVm ShutdownVm UpdateVm StartVm ShutdownVm StartVm ShutdownVm StartVm "
        "ShutdownVm UpdateVm StartVm UpdateVm ");
    EXPECT_EQ(machine.user_config, "old");
}

TEST_F(Upgrades, DoNotRebootAVmThatSomebodyElseHasTaken)
{
    machine = { .interferes = "theirs", .interferes_at = "StartVm" };
    health = [](UpgradeRecord const&) -> Health { return RebootWanted { "a port is kept" }; };
    ASSERT_FALSE(run().ok());
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm UpdateVm StartVm ");
    EXPECT_EQ(machine.status, "running");
}

TEST_F(Upgrades, GoBackAlsoWhenNothingCanBeRememberedAnyMore)
{
    health = [this](UpgradeRecord const& asked) -> Health {
        if (asked.direction == Direction::Back)
            return std::nullopt;
        std::filesystem::remove_all(directory.path());
        return Error(ErrorKind::Mismatch, "the launcher refuses");
    };
    EXPECT_TRUE(run()->rolled_back);
    EXPECT_EQ(machine.user_config, "old");
}

TEST_F(Upgrades, GoOnFromEveryPlaceWhereTheyWereCutOff)
{
    struct Place {
        char const* status;
        std::string user_config;
        char const* left;
    };
    for (auto const& [status, user_config, left] :
        { Place { "running", "old", "UpdateVm ShutdownVm UpdateVm StartVm UpdateVm " },
            Place { "running", claimed("old"), "ShutdownVm UpdateVm StartVm UpdateVm " },
            Place { "stopped", claimed("old"), "UpdateVm StartVm UpdateVm " },
            Place { "stopped", claimed("new"), "StartVm UpdateVm " }, Place { "running", claimed("new"), "UpdateVm " },
            Place { "running", "new", "" }, Place { "exited", claimed("old"), "StopVm UpdateVm StartVm UpdateVm " } }) {
        machine = { .status = status, .user_config = user_config };
        ASSERT_TRUE(run().ok()) << status << user_config;
        EXPECT_EQ(calls(), left);
        EXPECT_EQ(machine.user_config, "new");
    }
}

TEST_F(Upgrades, GoOnBackwards)
{
    auto back = record;
    back.direction = Direction::Back;
    back.reason = "earlier";
    machine = { .status = "stopped", .user_config = claimed("new") };
    auto const outcome = run(back).value();
    EXPECT_TRUE(outcome.rolled_back);
    EXPECT_EQ(outcome.reason, "earlier");
    EXPECT_EQ(calls(), "UpdateVm StartVm UpdateVm ");
    EXPECT_EQ(machine.user_config, "old");

    machine = { .user_config = claimed("old") };
    ASSERT_TRUE(run(back).ok());
    EXPECT_EQ(calls(), "UpdateVm ");
    EXPECT_EQ(machine.user_config, "old");
}

TEST_F(Upgrades, DoNothingWhenTheVmmDoesNotTakeTheClaim)
{
    machine.refuses = "UpdateVm";
    auto const refused = run();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(calls(), "UpdateVm ");
    EXPECT_EQ(machine.status, "running");
    EXPECT_FALSE(under_way());
}

TEST_F(Upgrades, GoBackWhenTheVmmRefusesToUpdate)
{
    machine.refuses = "UpdateVm";
    machine.refuses_after = 1;
    // And then takes it again.
    health = [this](UpgradeRecord const&) -> Health {
        machine.refuses.clear();
        return std::nullopt;
    };
    EXPECT_TRUE(run()->rolled_back);
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm UpdateVm StartVm UpdateVm ");
    EXPECT_EQ(machine.status, "running");
    EXPECT_EQ(machine.user_config, "old");
    EXPECT_FALSE(under_way());
}

TEST_F(Upgrades, DoNotGoBackFromANodeThatIsWell)
{
    machine.refuses = "UpdateVm";
    machine.refuses_after = 2;
    ASSERT_FALSE(run().ok());
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm UpdateVm StartVm UpdateVm ");
    EXPECT_EQ(journal.load().value()->direction, Direction::Forward);
    EXPECT_EQ(machine.user_config, claimed("new"));
}

TEST_F(Upgrades, StopWhenSomebodyElseChangesTheVm)
{
    machine.interferes = "theirs";
    auto const refused = run();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind(), ErrorKind::Refused);
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm ");
    EXPECT_EQ(machine.user_config, "theirs");
    EXPECT_FALSE(under_way());
    EXPECT_TRUE(std::filesystem::exists(directory.path() / (std::string(an_id) + ".abandoned.json")));

    machine = { .user_config = "theirs" };
    EXPECT_FALSE(run().ok());
    EXPECT_EQ(calls(), "");
}

TEST_F(Upgrades, LeaveTheVmToWhoeverClaimsItLast)
{
    struct Moment {
        char const* after;
        int calls_before;
        char const* done;
    };
    for (auto const& [after, calls_before, done] :
        { Moment { "UpdateVm", 0, "UpdateVm " }, Moment { "ShutdownVm", 0, "UpdateVm ShutdownVm " },
            Moment { "UpdateVm", 1, "UpdateVm ShutdownVm UpdateVm " },
            Moment { "StartVm", 0, "UpdateVm ShutdownVm UpdateVm StartVm " } }) {
        auto const theirs = their_claim.on(Secret("old")).reveal();
        machine = { .interferes = theirs, .interferes_at = after, .interferes_after = calls_before };
        auto const refused = run();
        ASSERT_FALSE(refused.ok()) << done;
        EXPECT_NE(refused.error().message().find("another upgrade has taken this VM"), std::string::npos);
        EXPECT_NE(refused.error().message().find(" of there, begun"), std::string::npos);
        EXPECT_EQ(calls(), done);
        EXPECT_EQ(machine.user_config, theirs);
        EXPECT_FALSE(under_way());
    }
}

TEST_F(Upgrades, TakeAClaimOverThatTheyWereToldOf)
{
    auto takes_over = record;
    takes_over.taken_over = their_claim;
    machine = { .status = "stopped", .user_config = their_claim.on(Secret("old")).reveal() };
    ASSERT_TRUE(run(takes_over).ok());
    EXPECT_EQ(calls(), "UpdateVm UpdateVm StartVm UpdateVm ");
    EXPECT_EQ(machine.user_config, "new");

    machine = { .user_config = their_claim.on(Secret("old")).reveal() };
    EXPECT_FALSE(run().ok());
    EXPECT_EQ(calls(), "");
}

TEST_F(Upgrades, AreOverWhenTheVmIsAsItWasWithoutTheClaim)
{
    machine = { .interferes = "old", .interferes_at = "ShutdownVm" };
    ASSERT_FALSE(run().ok());
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm ");
    EXPECT_EQ(machine.user_config, "old");
}

TEST_F(Upgrades, AreNotBegunWhenTheClaimWasNotWritten)
{
    machine = { .interferes = "old", .interferes_at = "UpdateVm" };
    ASSERT_FALSE(run().ok());
    EXPECT_EQ(calls(), "UpdateVm ");
    EXPECT_FALSE(under_way());
}

TEST_F(Upgrades, SayNothingOfANodeWhoseGuestMayStillEnd)
{
    machine.ignores_shutdown = true;
    auto const undecided = run();
    ASSERT_FALSE(undecided.ok());
    EXPECT_EQ(undecided.error().kind(), ErrorKind::Timeout);
    EXPECT_NE(undecided.error().message().find("it is running; it was asked to end"), std::string::npos)
        << undecided.error().message();
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm ");
    EXPECT_EQ(machine.user_config, claimed("old"));

    // It ends at last, and the upgrade is gone on with.
    machine.status = "stopped";
    ASSERT_TRUE(run(journal.load().value().value()).ok());
    EXPECT_EQ(machine.user_config, "new");
}

TEST_F(Upgrades, LeaveAGuestThatCannotBeAskedToEndToTheOperator)
{
    machine.refuses = "ShutdownVm";
    auto const undecided = run();
    ASSERT_FALSE(undecided.ok());
    EXPECT_NE(undecided.error().message().find("cannot be asked to end"), std::string::npos);
    EXPECT_NE(undecided.error().remedy().find("--force-stop"), std::string::npos);
    EXPECT_EQ(machine.status, "running");
    EXPECT_EQ(journal.load().value()->direction, Direction::Forward);

    stubborn = StubbornGuest::CutPower;
    ASSERT_TRUE(run(journal.load().value().value()).ok());
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm ShutdownVm StopVm UpdateVm StartVm UpdateVm ");
}

TEST_F(Upgrades, CutThePowerOfAGuestThatCannotBeAskedOnTheWayBack)
{
    machine.refuses = "ShutdownVm";
    machine.refuses_after = 1;
    health = only(Direction::Back);
    EXPECT_TRUE(run()->rolled_back);
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm UpdateVm StartVm ShutdownVm StopVm UpdateVm StartVm UpdateVm ");
}

TEST_F(Upgrades, KeepWhatWasSeenOfALogThatCannotBeReadAnyMore)
{
    auto from = record;
    from.log_seen = "before";
    log = "";
    std::vector<std::string> seen;
    health = [&](UpgradeRecord const& asked) -> Health {
        seen.push_back(asked.log_seen);
        if (asked.direction == Direction::Back)
            return std::nullopt;
        return Error(ErrorKind::Mismatch, "the launcher refuses");
    };
    ASSERT_TRUE(run(from)->rolled_back);
    EXPECT_EQ(seen, (std::vector<std::string> { "before", "before" }));
}

TEST_F(Upgrades, DoNotWriteToAVmThatSomebodyHasStartedMeanwhile)
{
    machine.starts_again_after_stop = true;
    auto const outcome = run().value();
    EXPECT_TRUE(outcome.rolled_back);
    EXPECT_NE(outcome.reason.find("somebody else started it"), std::string::npos);
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm UpdateVm ") << "only its claim is taken off";
    EXPECT_EQ(machine.user_config, "old");
}

TEST_F(Upgrades, CutThePowerOfAStubbornGuestWhereTold)
{
    machine.ignores_shutdown = true;
    stubborn = StubbornGuest::CutPower;
    ASSERT_TRUE(run().ok());
    EXPECT_EQ(calls(), "UpdateVm ShutdownVm StopVm UpdateVm StartVm UpdateVm ");
    EXPECT_EQ(machine.user_config, "new");
}

TEST_F(Upgrades, LearnNothingFromAVmmThatDoesNotAnswer)
{
    auto const well = health;
    for (std::string const method : { "ShutdownVm", "StartVm" }) {
        machine = { .silent_after = method };
        health = [](UpgradeRecord const&) -> Health { return Error(ErrorKind::Mismatch, "no answer in time"); };
        ASSERT_FALSE(run().ok());
        EXPECT_EQ(journal.load().value()->direction, Direction::Forward) << method;

        machine.silent_after.clear();
        health = well;
        ASSERT_FALSE(run(journal.load().value().value())->rolled_back);
        EXPECT_EQ(machine.user_config, "new");
    }
}

TEST_F(Upgrades, OfAVmWhoseIdIsNoFilesNameAreRefused)
{
    for (std::string const id : { "../../etc/x", "", ".", "a/b", "a b" })
        EXPECT_FALSE(UpgradeJournal::open(directory.path(), id).ok()) << id;
}

TEST_F(Upgrades, KeepTheRecordWhenTheWayBackFails)
{
    health = [](UpgradeRecord const&) -> Health { return Error(ErrorKind::Timeout, "silence"); };
    ASSERT_FALSE(run().ok());
    auto const kept = journal.load().value();
    ASSERT_TRUE(kept.has_value());
    EXPECT_EQ(kept->direction, Direction::Back);
    EXPECT_EQ(kept->old_user_config.reveal(), "old");
    EXPECT_EQ(kept->log_seen, "seen");
}

TEST_F(Upgrades, OfOneVmRunOneAtATime)
{
    auto const second = UpgradeJournal::open(directory.path(), an_id);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().kind(), ErrorKind::Refused);
    EXPECT_TRUE(UpgradeJournal::open(directory.path(), "another").ok());
}

TEST(UpgradeRecord, ReadsAsItWasWritten)
{
    UpgradeRecord const record { .vm = "id",
        .digest = image::ImageDigest({ 7 }),
        .claim = Claim::make("here", crypto::Time()).value(),
        .taken_over = Claim::make("there", crypto::Time()).value(),
        .old_user_config = Secret("a\n\"b\""),
        .new_user_config = Secret("c"),
        .direction = Direction::Back,
        .reason = "why",
        .log_seen = "line" };
    auto const again = UpgradeRecord::parse(record.to_json().reveal()).value();
    EXPECT_EQ(again.vm, "id");
    EXPECT_EQ(again.digest, record.digest);
    EXPECT_EQ(again.claim, record.claim);
    EXPECT_EQ(again.taken_over, record.taken_over);
    EXPECT_EQ(again.old_user_config, record.old_user_config);
    EXPECT_EQ(again.new_user_config, record.new_user_config);
    EXPECT_EQ(again.direction, Direction::Back);
    EXPECT_EQ(again.reason, "why");
    EXPECT_EQ(again.log_seen, "line");
    for (std::string const bad : { "", "{}", R"({"vm":1})" })
        EXPECT_FALSE(UpgradeRecord::parse(bad).ok());
}

}  // namespace
}  // namespace mpc::vmm
