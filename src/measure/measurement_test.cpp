#include "measure/measurement.h"

#include <fcntl.h>
#include <sys/file.h>
#include <thread>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "http/server.h"
#include "simulator/guest_agent.h"
#include "support/temporary_directory.h"

namespace mpc::measure {
namespace {

image::ImageDigest digest_of(char c) { return *image::ImageDigest::parse("sha256:" + std::string(64, c)); }

/// A simulated boot, and a client of its agent.
class MeasurementTest : public testing::Test {
protected:
    void SetUp() override { boot({}); }

    void boot(simulator::GuestAgentOptions options)
    {
        m_server.reset();
        m_simulated = std::move(simulator::GuestAgent::boot(std::move(options))).value();
        m_server = std::move(http::Server::listen(m_socket, m_simulated->handler())).value();
        m_agent = std::move(dstack::Agent::connect(m_socket, m_never, std::chrono::seconds(10))).value();
    }
    dstack::Quote quote() { return std::move(m_agent->quote({})).value(); }
    Result<dstack::Quote> measure_digest(char c, Extender& extender)
    {
        return measure({ *m_agent, extender, m_note, m_never, Duration(300) }, quote(), digest_of(c), m_report_data);
    }
    Result<dstack::Quote> measure_digest(char c) { return measure_digest(c, *emit_event_extender(*m_agent)); }

    test::TemporaryDirectory m_directory;
    std::filesystem::path m_socket = m_directory / "dstack.sock";
    Interrupt m_never = Interrupt::never();
    std::unique_ptr<simulator::GuestAgent> m_simulated;
    std::unique_ptr<http::Server> m_server;
    std::unique_ptr<dstack::Agent> m_agent;
    PendingNote m_note { m_directory / "pending", m_socket };
    dstack::ReportData m_report_data { 1, 2, 3 };
};

TEST_F(MeasurementTest, ExtendsOnceAndProvesItByAQuoteThatCarriesTheReportData)
{
    auto const proof = measure_digest('a');
    ASSERT_TRUE(proof.ok()) << proof.error().message();
    EXPECT_EQ(proof->view.report_data, m_report_data);
    EXPECT_EQ(*state_of(*proof, digest_of('a')), State::Same);
    EXPECT_EQ(*state_of(*proof, digest_of('b')), State::Other);
    EXPECT_FALSE(*m_note.exists());
}

TEST_F(MeasurementTest, SkipsWhatIsMeasuredAlready)
{
    ASSERT_TRUE(measure_digest('a').ok());
    ASSERT_TRUE(measure_digest('a').ok());
    EXPECT_EQ(evidence::payloads_of(m_simulated->log(), evidence::image_digest_event).size(), 1U);
}

TEST_F(MeasurementTest, RefusesAnotherDigestInTheSameBoot)
{
    ASSERT_TRUE(measure_digest('a').ok());
    EXPECT_EQ(measure_digest('b').error().exit_code(), ExitCode::Reboot);
}

TEST_F(MeasurementTest, BelievesNoLogThatDoesNotReplayToTheQuotedRegister)
{
    auto tampered = quote();
    tampered.log.pop_back();
    EXPECT_EQ(state_of(tampered, digest_of('a')).error().exit_code(), ExitCode::Measurement);
}

TEST_F(MeasurementTest, RefusesABootThatHoldsTheEventTwice)
{
    ASSERT_TRUE(m_agent->emit_event(evidence::image_digest_event, digest_of('a').bytes()).ok());
    ASSERT_TRUE(m_agent->emit_event(evidence::image_digest_event, digest_of('a').bytes()).ok());
    EXPECT_EQ(state_of(quote(), digest_of('a')).error().exit_code(), ExitCode::Reboot);
}

TEST_F(MeasurementTest, RefusesAnEventWhosePayloadIsNoDigest)
{
    ASSERT_TRUE(m_agent->emit_event(evidence::image_digest_event, as_bytes("short")).ok());
    EXPECT_EQ(state_of(quote(), digest_of('a')).error().exit_code(), ExitCode::Reboot);
}

TEST_F(MeasurementTest, TakesTheWayThatTheAgentsVersionHas)
{
    NativePaths const nowhere { .rtmr3 = m_directory / "none", .log_directory = m_directory / "none" };
    for (auto const* version : { "0.5.0", "0.5.8" }) {
        boot({ .version = version });
        EXPECT_TRUE(choose_extender(Method::Auto, *m_agent, nowhere, m_never).ok()) << version;
    }
    boot({ .version = "0.6.0" });
    for (auto const method : { Method::Auto, Method::Native }) {
        auto const native = choose_extender(method, *m_agent, nowhere, m_never);
        ASSERT_FALSE(native.ok());
        EXPECT_EQ(native.error().exit_code(), ExitCode::Measurement);
        EXPECT_FALSE(native.error().remedy().empty());
    }
}

/// The files of a 0.6 guest; the register is a plain file, in which each write stays to be looked at.
class NativeTest : public MeasurementTest {
protected:
    void SetUp() override
    {
        MeasurementTest::SetUp();
        m_directory.write("rtmr3", "");
        m_directory.write("log/runtime_events.log", "{\"event\":\"system-ready\",\"payload\":\"\"}\n");
    }
    NativePaths m_paths { .rtmr3 = m_directory / "rtmr3", .log_directory = m_directory / "log" };
};

TEST_F(NativeTest, WritesTheEventsDigestAndThenTheLine)
{
    auto const extender = std::move(native_extender(m_paths, m_never)).value();
    ASSERT_TRUE(extender->extend(evidence::image_digest_event, digest_of('a').bytes()).ok());
    auto const digest = evidence::runtime_event_digest(evidence::image_digest_event, digest_of('a').bytes());
    EXPECT_EQ(test::content_of(m_paths.rtmr3), as_text(digest));
    EXPECT_EQ(test::content_of(m_paths.log()),
        "{\"event\":\"system-ready\",\"payload\":\"\"}\n"
        "{\"event\":\"mpc-image-digest\",\"payload\":\"qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\"}\n");
}

/// Stands for the kernel and the agent's reading of dstack's log: what reached the files is in register and log.
class SeenByTheAgent final : public Extender {
public:
    SeenByTheAgent(Extender& native, dstack::Agent& agent) : m_native(native), m_agent(agent) {}
    Result<void> extend(std::string_view name, ByteView payload) override
    {
        TRY(m_native.extend(name, payload));
        return m_agent.emit_event(name, payload);
    }
    std::string_view description() const override { return m_native.description(); }

private:
    Extender& m_native;
    dstack::Agent& m_agent;
};

TEST_F(NativeTest, IsProvenByTheSameQuote)
{
    auto const native = std::move(native_extender(m_paths, m_never)).value();
    SeenByTheAgent extender(*native, *m_agent);
    ASSERT_TRUE(measure_digest('a', extender).ok());
    ASSERT_TRUE(measure_digest('a', extender).ok());
    EXPECT_EQ(test::content_of(m_paths.rtmr3).size(), 48U) << "extended once";
}

TEST_F(NativeTest, WaitsForTheLockThatDstackHolds)
{
    auto const extender = std::move(native_extender(m_paths, m_never)).value();
    Fd const other(open(m_paths.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(flock(other.get(), LOCK_EX), 0);
    std::jthread const releases([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        flock(other.get(), LOCK_UN);
    });
    EXPECT_TRUE(extender->extend("x", as_bytes("y")).ok()) << "it waits until the lock is free";
}

TEST_F(NativeTest, LogsNothingWhenTheRegisterRefuses)
{
    m_paths.rtmr3 = "/dev/full";
    auto const extender = std::move(native_extender(m_paths, m_never)).value();
    auto const extended = extender->extend(evidence::image_digest_event, digest_of('a').bytes());
    EXPECT_EQ(extended.error().kind(), ErrorKind::Refused);
    EXPECT_EQ(test::content_of(m_paths.log()), "{\"event\":\"system-ready\",\"payload\":\"\"}\n");
}

TEST_F(NativeTest, RefusesAGuestThatWantsVersion2Events)
{
    m_directory.write("log/runtime_event_version", "1\n");
    EXPECT_TRUE(native_extender(m_paths, m_never).ok());
    m_directory.write("log/runtime_event_version", "2");
    EXPECT_EQ(native_extender(m_paths, m_never).error().kind(), ErrorKind::Invalid);
}

TEST_F(NativeTest, RefusesAGuestWithoutTheFiles)
{
    std::filesystem::remove(m_paths.log());
    EXPECT_EQ(native_extender(m_paths, m_never).error().kind(), ErrorKind::NotFound);
}

TEST_F(NativeTest, IsFoundOutByTheProofWhenTheAgentDoesNotSeeTheEvent)
{
    auto const extender = std::move(native_extender(m_paths, m_never)).value();
    auto const measured = measure_digest('a', *extender);
    ASSERT_FALSE(measured.ok());
    EXPECT_EQ(measured.error().exit_code(), ExitCode::Measurement);
}

TEST_F(MeasurementTest, TakesANoteThatCannotBeReadForAnOpenExtension)
{
    EXPECT_FALSE(*m_note.exists());
    std::filesystem::create_directory(m_directory / "pending");
    EXPECT_TRUE(*m_note.exists());
}

TEST_F(MeasurementTest, ForgetsANoteOfAnotherBoot)
{
    ASSERT_TRUE(m_note.write().ok());
    EXPECT_TRUE(*m_note.exists());
    boot({});
    EXPECT_FALSE(*m_note.exists());
}

}  // namespace
}  // namespace mpc::measure
