#include "supervisor.h"

#include <fcntl.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_engine.h"
#include "support/plans.h"
#include "support/temporary_directory.h"

namespace mpc::launcher {
namespace {

using testing::HasSubstr;
using testing::Not;

class SupervisorTest : public testing::Test {
protected:
    void SetUp() override
    {
        m_engine.add_image("near/mpc-node", m_image);
        m_engine.add_container("mpc-node", { { "Image", m_image.config } }, "running");
    }

    /// Until it ends, with all that belongs to it.
    Result<void> supervise()
    {
        auto const plan = test::plan_with({ { "SHARED_DIR", m_shared.path() }, { "DOCKER_SOCKET", m_engine.socket() },
            { "PULL_SILENCE", "10" } });
        auto const engine = std::move(docker::Engine::connect(m_engine.socket(), m_never, {})).value();
        return Supervisor(plan, *engine, m_never, m_log, "mpc-node",
            { .look_around = Duration(50), .first_restart = Duration(1) })
            .run();
    }

    test::TemporaryDirectory m_directory;
    test::TemporaryDirectory m_shared;
    test::FakeImage m_image { .manifest = test::digest_of('d').text(), .config = test::digest_of('e').text() };
    test::FakeEngine m_engine { m_directory / "docker.sock" };
    Interrupt m_never = Interrupt::never();
    std::filesystem::path m_log_file = m_directory.write("log", "");
    Fd m_log_fd { open(m_log_file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC) };
    Log m_log { LogFormat::Text, m_log_fd.get() };
};

TEST_F(SupervisorTest, EndsWithItsNodeAlsoWhileTheRegistryIsSilent)
{
    m_shared.write("image-digest.bin", R"({"approved_hashes":[")" + test::digest_of('b').text() + R"("]})");
    bool pulled = false;
    m_engine.on_request([&](http::Request const& request) -> std::optional<http::Answer> {
        if (request.target.find("/images/create") == std::string::npos)
            return std::nullopt;
        pulled = true;
        m_engine.end_container("mpc-node", 0);
        return http::Answer { .delivery = { .hang = true } };
    });
    auto const began = std::chrono::steady_clock::now();
    auto const ended = supervise();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
    EXPECT_TRUE(pulled);
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ(ended.error().exit_code(), ExitCode::Node);
    EXPECT_THAT(test::content_of(m_log_file), Not(HasSubstr("was not fetched"))) << "it was told to leave it";
}

TEST_F(SupervisorTest, ShowsNoPortWhenTheNodeCannotBeStartedAgain)
{
    m_engine.end_container("mpc-node", 1);
    m_engine.ends_when_started("mpc-node", { .exit_code = 0 });
    bool refused = false;
    m_engine.on_request([&](http::Request const& request) -> std::optional<http::Answer> {
        if (refused || !request.target.ends_with("/start"))
            return std::nullopt;
        refused = true;
        return http::Answer { .response = { .status = 500,
                                  .headers = {},
                                  .body = R"({"message":"listen tcp4 0.0.0.0:8080: bind: address already in use"})" } };
    });
    EXPECT_EQ(supervise().error().exit_code(), ExitCode::Node);
    auto const log = test::content_of(m_log_file);
    EXPECT_THAT(log, HasSubstr("not started: the host port of port mapping 1 is taken on the host"));
    EXPECT_THAT(log, Not(HasSubstr("8080")));
}

}  // namespace
}  // namespace mpc::launcher
