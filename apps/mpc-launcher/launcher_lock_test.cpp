// The wait for another launcher: what runs meanwhile, and what does not.
#include "launcher_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator/guest_agent.h"
#include "support/fake_engine.h"
#include "support/plans.h"
#include "support/temporary_directory.h"

namespace mpc::launcher {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class LauncherLock : public testing::Test {
protected:
    void SetUp() override { m_engine.add_image("near/mpc-node", m_image); }

    Result<Fd> take(bool with_agent = true)
    {
        auto const plan = test::plan_with({ { "SHARED_DIR", m_shared.path() }, { "DSTACK_SOCKET", m_agent_socket },
            { "DOCKER_SOCKET", m_engine.socket() } });
        auto const engine = std::move(docker::Engine::connect(m_engine.socket(), m_never, {})).value();
        auto const agent = std::move(dstack::Agent::connect(m_agent_socket, m_never)).value();
        return take_lock(plan, *engine, with_agent ? agent.get() : nullptr, m_never, m_log);
    }
    /// Somebody has the lock, does something after 300 ms, and gives the lock back after 900 ms.
    std::jthread hold(std::function<void()> meanwhile = [] {})
    {
        m_held = Fd(open(m_lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        EXPECT_EQ(flock(m_held.get(), LOCK_EX | LOCK_NB), 0);
        return std::jthread([this, meanwhile = std::move(meanwhile)] {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            meanwhile();
            std::this_thread::sleep_for(std::chrono::milliseconds(600));
            m_journal.append("released");
            flock(m_held.get(), LOCK_UN);
        });
    }
    void add_running(std::string const& name, json::Array const& binds = {})
    {
        m_engine.add_container(name,
            { { "Image", m_image.config }, { "HostConfig", json::Object { { "Binds", binds } } } }, "running");
    }
    void measure()
    {
        auto const agent = std::move(dstack::Agent::connect(m_agent_socket, m_never)).value();
        ASSERT_TRUE(agent->emit_event(evidence::image_digest_event, test::digest_of('d').bytes()).ok());
    }
    [[nodiscard]] bool runs(std::string_view name) const { return m_engine.container(name)->is_running(); }
    /// Of the first line that begins so; the number of lines when none does.
    [[nodiscard]] std::ptrdiff_t place_of(std::string_view beginning) const
    {
        auto const lines = m_journal.snapshot();
        return std::ranges::find_if(lines, [&](auto const& line) { return line.starts_with(beginning); })
            - lines.begin();
    }

    test::TemporaryDirectory m_directory;
    test::TemporaryDirectory m_shared;
    std::filesystem::path m_lock = m_shared / ".mpc-launcher.lock";
    std::filesystem::path m_agent_socket = m_directory / "dstack.sock";
    simulator::Journal m_journal;
    test::FakeImage m_image { .manifest = test::digest_of('d').text(), .config = test::digest_of('e').text() };
    test::FakeEngine m_engine { m_directory / "docker.sock", &m_journal };
    std::unique_ptr<simulator::GuestAgent> m_agent =
        std::move(simulator::GuestAgent::boot({ .misbehaviours = {}, .journal = &m_journal })).value();
    std::unique_ptr<http::Server> m_agent_server =
        std::move(http::Server::listen(m_agent_socket, m_agent->handler())).value();
    Interrupt m_never = Interrupt::never();
    Fd m_null { open("/dev/null", O_WRONLY | O_CLOEXEC) };
    Log m_log { LogFormat::Text, m_null.get() };
    Fd m_held;
};

TEST_F(LauncherLock, IsHeldByOneAtATime)
{
    auto const first = take();
    ASSERT_TRUE(first.ok());
    Fd const other(open(m_lock.c_str(), O_RDWR | O_CLOEXEC));
    EXPECT_NE(flock(other.get(), LOCK_EX | LOCK_NB), 0);
}

TEST_F(LauncherLock, IsNotWaitedForWhileALeftoverRunsThatMayHoldIt)
{
    add_running("mpc-node");
    auto const holder = hold();
    ASSERT_TRUE(take().ok());
    EXPECT_LT(place_of("POST /containers/mpc-node/stop"), place_of("released"));
    EXPECT_FALSE(runs("mpc-node"));
}

TEST_F(LauncherLock, IsNotWaitedForWhileWhatIsStartedMeanwhileRuns)
{
    auto const holder = hold([this] { add_running("mpc-node"); });
    ASSERT_TRUE(take().ok());
    EXPECT_LT(place_of("POST /containers/mpc-node/stop"), place_of("released"));
}

TEST_F(LauncherLock, IsWaitedForWhileTheNodeOfAnotherLauncherRunsMeasured)
{
    auto const holder = hold([this] {
        measure();
        add_running("mpc-node");
    });
    ASSERT_TRUE(take().ok());
    EXPECT_TRUE(runs("mpc-node"));
    EXPECT_THAT(m_journal.snapshot(), Not(Contains(HasSubstr("/stop"))));
}

TEST_F(LauncherLock, LetsNothingBeStoppedThatWasNotSeenBeforeTheQuote)
{
    add_running("mpc-node");
    ASSERT_TRUE(take().ok());
    auto const lines = m_journal.snapshot();
    auto const quoted = place_of("agent GetQuote");
    auto const stopped = place_of("POST /containers/mpc-node/stop");
    EXPECT_LT(place_of("GET /containers/json"), quoted);
    EXPECT_LT(quoted, stopped);
    EXPECT_THAT(std::vector(lines.begin() + quoted, lines.begin() + stopped), Not(Contains("GET /containers/json")));
}

TEST_F(LauncherLock, IsRefusedAtOnceWhileAContainerRunsThatCannotBeToldApart)
{
    add_running("watcher", { m_engine.socket().string() + ":/d.sock" });
    auto const holder = hold();
    auto const refused = take();
    EXPECT_EQ(place_of("released"), m_journal.snapshot().size());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().exit_code(), ExitCode::Engine);
    EXPECT_THAT(refused.error().message(), HasSubstr("watcher"));
}

TEST_F(LauncherLock, LeavesNothingRunningThatPutSomethingElseInItsPlace)
{
    add_running("mpc-node");
    std::filesystem::create_directory(m_lock);
    auto const refused = take();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().exit_code(), ExitCode::Environment);
    EXPECT_FALSE(runs("mpc-node"));
}

TEST_F(LauncherLock, StopsNothingWhereNothingIsMeasured)
{
    add_running("mpc-node");
    ASSERT_TRUE(take(false).ok());
    EXPECT_TRUE(runs("mpc-node"));
}

}  // namespace
}  // namespace mpc::launcher
