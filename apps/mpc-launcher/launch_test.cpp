// The run against an engine and an agent that speak the real protocols and share one journal, so that order can be
// told.
#include "launch.h"

#include <fcntl.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "receipt.h"
#include "remedies.h"
#include "simulator/guest_agent.h"
#include "support/fake_engine.h"
#include "support/json_edit.h"
#include "support/plans.h"
#include "support/temporary_directory.h"

namespace mpc::launcher {
namespace {

using simulator::Fault;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class LaunchTest : public testing::Test {
protected:
    static constexpr auto repository = "127.0.0.1:5000/near/mpc-node";

    void SetUp() override
    {
        m_image = { .manifest = test::digest_of('d').text(), .config = test::digest_of('e').text() };
        m_engine.publish(repository, m_image, { "latest" });
        boot_agent();
    }

    /// A new boot as far as the agent is concerned.
    void boot_agent(std::vector<simulator::Misbehaviour> misbehaviours = {})
    {
        m_agent_server.reset();
        m_agent =
            std::move(simulator::GuestAgent::boot({ .misbehaviours = std::move(misbehaviours), .journal = &m_journal }))
                .value();
        m_agent_server = std::move(http::Server::listen(m_agent_socket, m_agent->handler())).value();
    }

    LaunchPlan plan(std::map<std::string, std::string> changes = {}, char const* user_config = test::toml_config)
    {
        changes.insert({ { "SHARED_DIR", m_shared.path() }, { "DSTACK_SOCKET", m_agent_socket },
            { "DOCKER_SOCKET", m_engine.socket() }, { "AGENT_DEADLINE", "2" } });
        return test::plan_with(changes, user_config, m_digest);
    }

    Result<std::string> launch(LaunchPlan const& plan, Restarts restarts = Restarts::BySupervisor)
    {
        auto const engine = std::move(docker::Engine::connect(m_engine.socket(), m_never, {})).value();
        auto const agent = plan.is_tee()
            ? std::move(dstack::Agent::connect(m_agent_socket, m_never, plan.environment.agent_deadline)).value()
            : nullptr;
        return Launch(plan, *engine, agent.get(), m_never, m_log, restarts).run();
    }

    void expect_refused(LaunchPlan const& plan, ExitCode code, std::string const& cause)
    {
        auto const result = launch(plan);
        ASSERT_FALSE(result.ok());
        EXPECT_EQ(result.error().exit_code(), code) << result.error().message();
        EXPECT_THAT(result.error().message(), HasSubstr(cause));
        EXPECT_FALSE(usual_remedy(code).empty());
    }

    [[nodiscard]] std::size_t events() const
    {
        return evidence::payloads_of(m_agent->log(), evidence::image_digest_event).size();
    }
    [[nodiscard]] bool node_runs() const
    {
        auto const node = m_engine.container("mpc-node");
        return node && node->is_running();
    }
    [[nodiscard]] std::size_t place_of(std::string_view line) const
    {
        auto const lines = m_journal.snapshot();
        auto const found = std::ranges::find_if(lines, [&](auto const& entry) { return entry.starts_with(line); });
        EXPECT_NE(found, lines.end()) << line;
        return static_cast<std::size_t>(found - lines.begin());
    }
    std::string add_node(std::string const& policy, std::string const& name = "mpc-node",
        std::string const& state = "running")
    {
        m_engine.add_image(repository, m_image);
        return m_engine.add_container(name,
            { { "Image", m_image.config },
                { "HostConfig", json::Object { { "RestartPolicy", json::Object { { "Name", policy } } } } } },
            state);
    }
    /// The host's port that plan() maps.
    void add_publisher_of_8080()
    {
        m_engine.add_container("web",
            { { "Image", m_image.config }, { "ExposedPorts", json::Object { { "1/tcp", json::Object {} } } },
                { "HostConfig",
                    json::Object { { "PortBindings",
                        json::Object { { "1/tcp", json::Array { json::Object { { "HostPort", "8080" } } } } } } } } },
            "running");
    }

    test::TemporaryDirectory m_directory;
    test::TemporaryDirectory m_shared;
    std::filesystem::path m_agent_socket = m_directory / "dstack.sock";
    simulator::Journal m_journal;
    test::FakeEngine m_engine { m_directory / "docker.sock", &m_journal };
    test::FakeImage m_image;
    image::ImageDigest m_digest = test::digest_of('d');
    std::unique_ptr<simulator::GuestAgent> m_agent;
    std::unique_ptr<http::Server> m_agent_server;
    Interrupt m_never = Interrupt::never();
    Fd m_null { open("/dev/null", O_WRONLY | O_CLOEXEC) };
    Log m_log { LogFormat::Text, m_null.get() };
};

TEST_F(LaunchTest, DoesEachStepInItsOrderAndTheStartLast)
{
    ASSERT_TRUE(launch(plan()).ok());
    std::vector<std::string> deeds;
    for (auto const& line : m_journal.snapshot()) {
        if (line.starts_with("POST") || line.starts_with("DELETE") || line.starts_with("agent"))
            deeds.push_back(line);
    }
    EXPECT_THAT(deeds,
        ElementsAre("agent Version", "agent GetQuote", HasSubstr("POST /images/create"),
            "POST /containers/create mpc-node", "agent EmitEvent mpc-image-digest", "agent GetQuote",
            "POST /containers/mpc-node/start"));
}

TEST_F(LaunchTest, MeasuresTheApprovedDigestOnceAndStartsTheNode)
{
    ASSERT_TRUE(launch(plan()).ok());
    EXPECT_THAT(evidence::payloads_of(m_agent->log(), evidence::image_digest_event),
        ElementsAre(Bytes(m_digest.bytes().begin(), m_digest.bytes().end())));
    EXPECT_TRUE(node_runs());
    EXPECT_EQ(m_engine.container("mpc-node")->restart_policy(), "no");
}

TEST_F(LaunchTest, WritesAReceiptWhoseHashTheQuoteCarried)
{
    auto const tee_plan = plan();
    ASSERT_TRUE(launch(tee_plan).ok());
    auto const receipt = test::content_of(m_shared / "mpc-launch-receipt.json");
    EXPECT_EQ(*json::read_object(receipt)->require_text("image_digest"), m_digest.text());
    EXPECT_THAT(receipt, Not(HasSubstr("canary")));
    EXPECT_THAT(receipt, Not(HasSubstr("8080")));
    auto const agent = std::move(dstack::Agent::connect(m_agent_socket, m_never)).value();
    auto const bound = agent->quote(report_data_of(receipt));
    EXPECT_EQ(to_hex(bound->view.report_data).substr(0, 96), to_hex(sha384({ as_bytes(receipt) })));
}

TEST_F(LaunchTest, DoesNothingASecondTimeInTheSameBoot)
{
    auto const first = launch(plan());
    auto const again = launch(plan());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*first, *again);
    EXPECT_EQ(events(), 1U);
}

TEST_F(LaunchTest, ReplacesTheNodeOfThisBootWhenItsConfigurationChanged)
{
    ASSERT_TRUE(launch(plan()).ok());
    auto const other = std::string(test::toml_config) + "more = 1\n";
    ASSERT_TRUE(launch(plan({}, other.c_str())).ok());
    EXPECT_EQ(events(), 1U);
    EXPECT_THAT(test::content_of(m_shared / "mpc-config.toml"), HasSubstr("more"));
}

TEST_F(LaunchTest, RefusesAnotherDigestInTheSameBootAndLeavesTheNodeAsItIs)
{
    ASSERT_TRUE(launch(plan()).ok());
    m_digest = test::digest_of('b');
    expect_refused(plan(), ExitCode::Reboot, "another image digest");
    EXPECT_TRUE(node_runs());
    EXPECT_EQ(events(), 1U);
}

TEST_F(LaunchTest, StopsALeftoverNodeAndProvesItsAbsenceBeforeItMeasures)
{
    add_node("always");
    ASSERT_TRUE(launch(plan()).ok());
    auto const lines = m_journal.snapshot();
    auto const stop = place_of("POST /containers/mpc-node/stop");
    auto const proof =
        std::find(lines.begin() + static_cast<std::ptrdiff_t>(stop), lines.end(), "GET /containers/json");
    auto const emit = std::ranges::find(lines, "agent EmitEvent mpc-image-digest");
    ASSERT_NE(emit, lines.end());
    EXPECT_LT(proof, emit);
    EXPECT_LT(place_of("POST /containers/mpc-node/update"), stop) << "dockerd could start it again";
}

TEST_F(LaunchTest, StopsANodeThatWasStartedDuringThePull)
{
    m_engine.on_request([&, started = false](http::Request const& request) mutable -> std::optional<http::Answer> {
        if (!started && request.target.find("/containers/create") != std::string::npos) {
            started = true;
            m_engine.add_container("late",
                { { "Image", m_image.config },
                    { "HostConfig", json::Object { { "Binds", json::Array { "mpc-data:/data" } } } } },
                "running");
        }
        return std::nullopt;
    });
    ASSERT_TRUE(launch(plan()).ok());
    EXPECT_LT(place_of("POST /containers/late/stop"), place_of("agent EmitEvent"));
    EXPECT_FALSE(m_engine.container("late")->is_running());
}

TEST_F(LaunchTest, MeasuresNothingWhenALeftoverCannotBeStopped)
{
    add_node("always");
    m_engine.on_request([](http::Request const& request) -> std::optional<http::Answer> {
        if (request.target.find("/stop") != std::string::npos || request.target.find("/kill") != std::string::npos)
            return http::Answer { .response = { .status = 500, .headers = {}, .body = R"({"message":"no"})" } };
        return std::nullopt;
    });
    expect_refused(plan(), ExitCode::Engine, "mpc-node");
    EXPECT_EQ(events(), 0U);
}

TEST_F(LaunchTest, MeasuresNothingWhenTheEngineOnlySaysThatItStoppedALeftover)
{
    add_node("always");
    m_engine.on_request([](http::Request const& request) -> std::optional<http::Answer> {
        if (request.target.find("/stop") != std::string::npos)
            return http::Answer { .response = { .status = 204 } };
        return std::nullopt;
    });
    expect_refused(plan(), ExitCode::Engine, "still runs");
    EXPECT_EQ(events(), 0U);
}

TEST_F(LaunchTest, RefusesWhatItCannotTellApartAndStopsNothing)
{
    auto const node = add_node("no");
    m_engine.add_container("watcher",
        { { "Image", m_image.config },
            { "HostConfig", json::Object { { "Binds", json::Array { m_engine.socket().string() + ":/d.sock" } } } } },
        "running");
    expect_refused(plan(), ExitCode::Engine, "watcher");
    EXPECT_TRUE(node_runs());
    EXPECT_EQ(events(), 0U);
}

TEST_F(LaunchTest, FindsAnApprovedImageIdThroughItsTag)
{
    m_digest = test::digest_of('e');
    ASSERT_TRUE(launch(plan()).ok());
    EXPECT_EQ(events(), 1U);
    EXPECT_THAT(test::content_of(m_shared / "mpc-launch-receipt.json"), HasSubstr(R"("matched_as":"image ID")"));
}

TEST_F(LaunchTest, LooksAtTheTagsAlsoWhenTheRegistryFailsOnAnImageId)
{
    m_digest = test::digest_of('e');
    m_engine.on_request([&](http::Request const& request) -> std::optional<http::Answer> {
        if (request.target.find("/images/create") == std::string::npos
            || request.target.find(m_digest.hex()) == std::string::npos)
            return std::nullopt;
        return http::Answer { .response = { .status = 500, .headers = {}, .body = R"({"message":"500"})" } };
    });
    ASSERT_TRUE(launch(plan()).ok());
    EXPECT_EQ(events(), 1U);
}

TEST_F(LaunchTest, RemovesAnImageWhoseIdIsNotTheApprovedOne)
{
    m_digest = test::digest_of('f');
    expect_refused(plan(), ExitCode::Image, "none of the 1 configured tags");
    EXPECT_FALSE(m_engine.has_image(m_image.config));
    EXPECT_EQ(events(), 0U);
}

TEST_F(LaunchTest, KeepsAnImageThatItDidNotPullItself)
{
    m_engine.add_image(repository, m_image);
    m_digest = test::digest_of('f');
    expect_refused(plan(), ExitCode::Image, "none of the 1 configured tags");
    EXPECT_TRUE(m_engine.has_image(m_image.config));
}

TEST_F(LaunchTest, RefusesAnImageIdWithTheContainerdStore)
{
    m_engine.set_store(docker::ImageStore::Containerd);
    m_digest = test::digest_of('e');
    expect_refused(plan(), ExitCode::Image, "containerd");
}

TEST_F(LaunchTest, RefusesAnImageForAnotherPlatform)
{
    m_image.architecture = "arm64";
    m_engine.add_image(repository, m_image);
    expect_refused(plan(), ExitCode::Image, "linux/arm64");
    EXPECT_EQ(events(), 0U);
}

TEST_F(LaunchTest, AsksNoRegistryForAnImageThatTheEngineHas)
{
    m_engine.add_image("some/other-name", m_image);
    ASSERT_TRUE(launch(plan()).ok());
    for (auto const& line : m_journal.snapshot()) {
        EXPECT_THAT(line, Not(HasSubstr("/images/create")));
        EXPECT_THAT(line, Not(HasSubstr("/distribution")));
    }
}

TEST_F(LaunchTest, RefusesAContainerThatIsNotWhatItAskedForAndRemovesIt)
{
    m_engine.mutate_inspect([](json::Object const& document) {
        return test::with(document, "HostConfig.Privileged", true);
    });
    expect_refused(plan(), ExitCode::Container, "HostConfig.Privileged");
    EXPECT_EQ(events(), 0U);
    EXPECT_FALSE(m_engine.container("mpc-node"));
}

TEST_F(LaunchTest, ObtainsTheImageAgainWhenItVanishedBeforeItWasUsed)
{
    unsigned refusals = 1;
    m_engine.on_request([&](http::Request const& request) -> std::optional<http::Answer> {
        if (request.target.find("/containers/create") == std::string::npos || refusals == 0)
            return std::nullopt;
        --refusals;
        return http::Answer { .response = { .status = 404, .headers = {}, .body = R"({"message":"No such image"})" } };
    });
    ASSERT_TRUE(launch(plan()).ok());
    EXPECT_EQ(events(), 1U);
}

TEST_F(LaunchTest, KeepsOneEarlierContainerForItsLogs)
{
    auto const oldest = m_engine.container(add_node("no", "mpc-node-previous", "exited"))->id;
    auto const old = add_node("on-failure");
    ASSERT_TRUE(launch(plan()).ok());
    EXPECT_EQ(m_engine.container("mpc-node-previous")->id, old);
    EXPECT_EQ(m_engine.container("mpc-node-previous")->restart_policy(), "no");
    EXPECT_FALSE(m_engine.container(oldest));
    EXPECT_TRUE(node_runs());
}

TEST_F(LaunchTest, StartsAnEqualContainerAgainAfterAReboot)
{
    auto const id = *launch(plan());
    m_engine.reset();
    boot_agent();
    EXPECT_EQ(*launch(plan()), id);
    EXPECT_EQ(events(), 1U);
}

TEST_F(LaunchTest, NeverStartsAContainerWithAWritableRootAgainUnderTee)
{
    auto const id = *launch(plan({ { "HARDENING", "standard" } }));
    m_engine.reset();
    boot_agent();
    EXPECT_NE(*launch(plan({ { "HARDENING", "standard" } })), id);
}

TEST_F(LaunchTest, NeverStartsAContainerWithAnAnonymousVolumeAgainUnderTee)
{
    m_image.volumes = { "/data", "/app/plugins" };
    m_engine.publish(repository, m_image, { "latest" });
    auto const id = *launch(plan());
    m_engine.reset();
    boot_agent();
    EXPECT_NE(*launch(plan()), id);
}

TEST_F(LaunchTest, StartsAContainerAgainWhoseImageDeclaresOnlyVolumesThatAreMounted)
{
    m_image.volumes = { "/data" };
    m_engine.publish(repository, m_image, { "latest" });
    auto const id = *launch(plan());
    m_engine.reset();
    boot_agent();
    EXPECT_EQ(*launch(plan()), id);
}

TEST_F(LaunchTest, PutsTheEarlierContainerBackWhenCreatingFails)
{
    auto const old = add_node("no");
    m_engine.on_request([](http::Request const& request) -> std::optional<http::Answer> {
        if (request.target.find("/containers/create") == std::string::npos)
            return std::nullopt;
        return http::Answer { .response = { .status = 500, .headers = {}, .body = R"({"message":"disk full"})" } };
    });
    expect_refused(plan(), ExitCode::Engine, "disk full");
    EXPECT_EQ(m_engine.container("mpc-node")->id, old);
    EXPECT_EQ(events(), 0U);
}

TEST_F(LaunchTest, RefusesAPortThatAnotherContainerHoldsBeforeItMeasures)
{
    m_engine.add_image(repository, m_image);
    add_publisher_of_8080();
    expect_refused(plan(), ExitCode::Engine, "port mapping 1");
    EXPECT_EQ(events(), 0U);
}

TEST_F(LaunchTest, AsksForARebootWhenTheEngineKeepsAPortThatNoContainerPublishes)
{
    m_engine.on_request([](http::Request const& request) -> std::optional<http::Answer> {
        if (!request.target.ends_with("/start"))
            return std::nullopt;
        return http::Answer { .response = { .status = 500,
                                  .headers = {},
                                  .body =
                                      R"({"message":"Bind for 0.0.0.0:8080 failed: port is already allocated"})" } };
    });
    expect_refused(plan(), ExitCode::Reboot, "starting the node: port is already allocated, although no container");
    EXPECT_EQ(events(), 1U);
    m_engine.on_request({});
    EXPECT_TRUE(launch(plan()).ok()) << "if the port is free after all, the node may run in this boot";
    EXPECT_EQ(events(), 1U);
}

TEST_F(LaunchTest, NamesWhoHasTakenThePortBetweenTheCheckAndTheStart)
{
    m_engine.add_image(repository, m_image);
    m_engine.on_request([this](http::Request const& request) -> std::optional<http::Answer> {
        if (request.target.ends_with("/start"))
            add_publisher_of_8080();
        return std::nullopt;
    });
    expect_refused(plan(), ExitCode::Engine, "is taken by container \"web\"");
    EXPECT_FALSE(node_runs());
}

TEST_F(LaunchTest, ShowsNoPortWhenTheHostHasTakenIt)
{
    m_engine.on_request([](http::Request const& request) -> std::optional<http::Answer> {
        if (!request.target.ends_with("/start"))
            return std::nullopt;
        return http::Answer { .response = { .status = 500,
                                  .headers = {},
                                  .body = R"({"message":"listen tcp4 0.0.0.0:8080: bind: address already in use"})" } };
    });
    auto const refused = launch(plan());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().exit_code(), ExitCode::Engine);
    EXPECT_EQ(refused.error().message(), "starting the node: the host port of port mapping 1 is taken on the host");
}

TEST_F(LaunchTest, SaysSoWhenTheNodeEndsAtOnce)
{
    m_engine.ends_when_started("mpc-node", { .exit_code = 3 });
    auto const result = launch(plan(), Restarts::ByNobodyOrDockerd);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().exit_code(), ExitCode::Engine);
    EXPECT_THAT(result.error().message(), HasSubstr("exit code 3"));
    EXPECT_EQ(events(), 1U);
}

TEST_F(LaunchTest, DoesNotStartTheNodeWhenTheAgentMisbehaves)
{
    struct Case {
        Fault fault;
        char const* method;
        ExitCode code;
    };
    for (auto const& [fault, method, code] : { Case { Fault::Fail, "EmitEvent", ExitCode::Measurement },
             Case { Fault::Fail, "GetQuote", ExitCode::Measurement },
             Case { Fault::Hang, "EmitEvent", ExitCode::Measurement },
             Case { Fault::Drop, "EmitEvent", ExitCode::Measurement },
             Case { Fault::Html, "EmitEvent", ExitCode::Measurement },
             Case { Fault::Html, "GetQuote", ExitCode::Measurement },
             Case { Fault::Cut, "GetQuote", ExitCode::Measurement },
             Case { Fault::LieLog, "EmitEvent", ExitCode::Measurement },
             Case { Fault::LieRegister, "EmitEvent", ExitCode::Measurement },
             Case { Fault::LieTwice, "EmitEvent", ExitCode::Reboot },
             Case { Fault::LiePhantom, "EmitEvent", ExitCode::Measurement },
             Case { Fault::LieReportData, "GetQuote", ExitCode::Measurement } }) {
        boot_agent({ { .fault = fault, .method = method } });
        expect_refused(plan(), code, "");
        EXPECT_FALSE(m_engine.container("mpc-node")) << "a container was left: " << method;
    }
}

TEST_F(LaunchTest, NeverExtendsTwiceWhenAnExtensionWasBegunAndNotAnswered)
{
    boot_agent({ { .fault = Fault::Drop, .method = "EmitEvent", .calls = 1 } });
    expect_refused(plan(), ExitCode::Measurement, "EmitEvent");
    ASSERT_TRUE(launch(plan()).ok());
    EXPECT_EQ(events(), 1U);
}

TEST_F(LaunchTest, AsksForARebootWhenABegunExtensionNeverShows)
{
    boot_agent({ { .fault = Fault::DropBefore, .method = "EmitEvent", .calls = 1 } });
    expect_refused(plan(), ExitCode::Measurement, "EmitEvent");
    expect_refused(plan(), ExitCode::Reboot, "outcome is not known");
    EXPECT_EQ(events(), 0U);
    boot_agent();
    ASSERT_TRUE(launch(plan()).ok()) << "a note of an earlier boot must count for nothing";
}

TEST_F(LaunchTest, TriesAgainInTheSameBootAfterAClearNo)
{
    boot_agent({ { .fault = Fault::Fail, .method = "EmitEvent", .calls = 1 } });
    expect_refused(plan(), ExitCode::Measurement, "EmitEvent");
    EXPECT_TRUE(launch(plan()).ok());
    EXPECT_EQ(events(), 1U);
}

TEST_F(LaunchTest, AsksNoAgentWithoutATee)
{
    ASSERT_TRUE(launch(plan({ { "PLATFORM", "NONTEE" } }, test::key_value_config)).ok());
    EXPECT_THAT(m_journal.snapshot(), Not(Contains(HasSubstr("agent"))));
    EXPECT_TRUE(node_runs());
}

TEST_F(LaunchTest, WritesTheNodesConfigurationForItsOwnerOnly)
{
    ASSERT_TRUE(launch(plan()).ok());
    auto const path = m_shared / "mpc-config.toml";
    EXPECT_THAT(test::content_of(path), HasSubstr(m_digest.text()));
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
}

}  // namespace
}  // namespace mpc::launcher
