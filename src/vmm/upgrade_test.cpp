#include "vmm/upgrade.h"

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
    std::optional<std::string> interferes {};  ///< somebody else's user_config, written while the VM stops
    bool ignores_shutdown = false;

    http::Response answer(std::string const& method, json::Object const& request)
    {
        if (method == "GetInfo")
            return { .status = 200, .body = info() };
        if (method == "Version")
            return { .status = 200, .body = R"({"version":"0.5.8","rev":""})" };
        calls.push_back(method);
        if (method == refuses)
            return { .status = 400, .body = R"({"error":"no"})" };
        if (method == "ShutdownVm" && !ignores_shutdown) {
            status = "stopped";
            user_config = interferes.value_or(user_config);
        }
        if (method == "StopVm")
            status = "stopped";
        if (method == "StartVm")
            status = "running";
        if (method == "UpdateVm")
            user_config = request.require_text("user_config").value();
        return { .status = 200, .body = method == "UpdateVm" ? R"({"id":""})" : "null" };
    }

    [[nodiscard]] std::string info() const
    {
        return R"({"found":true,"info":{"id":")" + std::string(an_id) + R"(","name":"node","status":")" + status
            + R"(","uptime":"","app_url":null,"app_id":"","instance_id":"","configuration":{"name":"node","image":"i",)"
              R"("compose_file":"{}","vcpu":1,"memory":1,"disk_size":1,"ports":[],"encrypted_env":"","user_config":")"
            + user_config
            + R"(","hugepages":false},"exited_at":"","boot_progress":"done","boot_error":"",)"
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
    UpgradeRecord const record { .vm = an_id,
        .digest = image::ImageDigest({ 1 }),
        .old_user_config = Secret("old"),
        .new_user_config = Secret("new") };
    AwaitHealth health = [](UpgradeRecord const&) { return Result<void>(ok); };

    /// A node that is well in one direction only.
    static AwaitHealth only(Direction direction)
    {
        return [direction](UpgradeRecord const& asked) -> Result<void> {
            if (asked.direction == direction)
                return ok;
            return Error(ErrorKind::Mismatch, "the launcher refuses");
        };
    }
    Result<UpgradeOutcome> run(UpgradeRecord const& from)
    {
        Patience const patience { .deadline = 20ms, .pause = 1ms };
        UpgradeHooks const hooks { .await_health = health, .last_log_line = [] { return std::string("seen"); } };
        return Upgrade(client, journal, hooks, { patience, patience }, interrupt).run(from);
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
};

TEST_F(Upgrades, StopUpdateStart)
{
    auto const outcome = run().value();
    EXPECT_FALSE(outcome.rolled_back);
    EXPECT_EQ(calls(), "ShutdownVm UpdateVm StartVm ");
    EXPECT_EQ(machine.user_config, "new");
    EXPECT_EQ(machine.status, "running");
    EXPECT_FALSE(under_way());
}

TEST_F(Upgrades, GoBackWhenTheNodeIsNotWell)
{
    health = only(Direction::Back);
    auto const outcome = run().value();
    EXPECT_TRUE(outcome.rolled_back);
    EXPECT_EQ(outcome.reason, "the launcher refuses");
    EXPECT_EQ(calls(), "ShutdownVm UpdateVm StartVm ShutdownVm UpdateVm StartVm ");
    EXPECT_EQ(machine.user_config, "old");
    EXPECT_FALSE(under_way());
}

TEST_F(Upgrades, GoOnFromEveryPlaceWhereTheyWereCutOff)
{
    struct Place {
        char const* status;
        char const* user_config;
        char const* left;
    };
    for (auto const& [status, user_config, left] : { Place { "running", "old", "ShutdownVm UpdateVm StartVm " },
             Place { "stopped", "old", "UpdateVm StartVm " }, Place { "stopped", "new", "StartVm " },
             Place { "running", "new", "" }, Place { "exited", "old", "StopVm UpdateVm StartVm " } }) {
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
    machine = { .status = "stopped", .user_config = "new" };
    auto const outcome = run(back).value();
    EXPECT_TRUE(outcome.rolled_back);
    EXPECT_EQ(outcome.reason, "earlier");
    EXPECT_EQ(calls(), "UpdateVm StartVm ");
}

TEST_F(Upgrades, GoBackWhenTheVmmRefusesToUpdate)
{
    machine.refuses = "UpdateVm";
    EXPECT_TRUE(run()->rolled_back);
    EXPECT_EQ(calls(), "ShutdownVm UpdateVm StartVm ");
    EXPECT_EQ(machine.status, "running");
    EXPECT_EQ(machine.user_config, "old");
    EXPECT_FALSE(under_way());
}

TEST_F(Upgrades, StopWhenSomebodyElseChangesTheVm)
{
    machine.interferes = "theirs";
    auto const refused = run();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(calls(), "ShutdownVm ");
    EXPECT_EQ(machine.user_config, "theirs");

    machine = { .user_config = "theirs" };
    EXPECT_FALSE(run().ok());
    EXPECT_EQ(calls(), "");
}

TEST_F(Upgrades, LeaveAGuestThatDoesNotStopRunningAsItWas)
{
    machine.ignores_shutdown = true;
    // Its launcher says nothing new.
    health = [](UpgradeRecord const&) -> Result<void> { return Error(ErrorKind::Timeout, "silence"); };
    auto const outcome = run().value();
    EXPECT_TRUE(outcome.rolled_back);
    EXPECT_EQ(calls(), "ShutdownVm ");
    EXPECT_EQ(machine.user_config, "old");
}

TEST_F(Upgrades, KeepTheRecordWhenTheWayBackFails)
{
    health = [](UpgradeRecord const&) -> Result<void> { return Error(ErrorKind::Timeout, "silence"); };
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
        .old_user_config = Secret("a\n\"b\""),
        .new_user_config = Secret("c"),
        .direction = Direction::Back,
        .reason = "why",
        .log_seen = "line" };
    auto const again = UpgradeRecord::parse(record.to_json().reveal()).value();
    EXPECT_EQ(again.vm, "id");
    EXPECT_EQ(again.digest, record.digest);
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
