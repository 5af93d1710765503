// The client against the fake engine, and against servers that are no good engine.
#include "docker/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "docker/credentials.h"
#include "support/fake_engine.h"
#include "support/json_edit.h"
#include "support/raised_signal.h"
#include "support/temporary_directory.h"

namespace mpc::docker {
namespace {

using test::FakeEngine;
using test::FakeImage;
using testing::ElementsAre;
using testing::HasSubstr;

image::ManifestDigest const manifest = image::ManifestDigest::parse("sha256:" + std::string(64, 'a')).value();
auto const image_id = "sha256:" + std::string(64, 'b');
auto const repository = "nearone/mpc-node";
PullLimits const limits { .silence = std::chrono::seconds(5), .deadline = std::chrono::seconds(10) };

std::string scrub(std::string_view text)
{
    std::string scrubbed(text);
    for (auto at = scrubbed.find("canary"); at != std::string::npos; at = scrubbed.find("canary"))
        scrubbed.replace(at, 6, "***");
    return scrubbed;
}

FakeImage node_image()
{
    return {
        .manifest = manifest.text(), .config = image_id, .platforms = { "linux/amd64" }, .volumes = { "/scratch" }
    };
}

class Engine_ : public testing::Test {
protected:
    void SetUp() override { m_fake.publish(repository, node_image(), { "latest" }); }
    Engine& engine()
    {
        if (!m_engine)
            m_engine = std::move(Engine::connect(m_fake.socket(), m_never, scrub)).value();
        return *m_engine;
    }
    /// The engine answers the next requests whose target has this text in it with that.
    void answer_to(std::string part, http::Answer answer)
    {
        m_fake.on_request([part = std::move(part), answer = std::move(answer)](auto const& request) {
            return request.target.find(part) == std::string::npos ? std::nullopt : std::optional(answer);
        });
    }
    Result<void> pull(PullLimits const& bounds = limits)
    {
        return engine().pull(
            repository, manifest, std::nullopt, bounds,
            [this](auto const& progress) { m_progress.push_back(progress); }, m_patience);
    }
    std::string make_container(std::string const& name = "mpc-node")
    {
        m_fake.add_image(repository, node_image());
        return engine().create_container(name, { { "Image", image_id } }).value();
    }

    test::TemporaryDirectory m_directory;
    FakeEngine m_fake { m_directory / "docker.sock" };
    Interrupt m_never = Interrupt::never();
    std::unique_ptr<Engine> m_engine;
    Patience m_patience;
    std::vector<PullProgress> m_progress;
};
using EngineClient = Engine_;

http::Answer says(unsigned status, std::string body)
{
    return { .response = { .status = status, .body = std::move(body) } };
}

http::Answer streams(std::string body)
{
    return { .response = { .status = 200, .body = std::move(body) }, .delivery = { .chunked = true } };
}

TEST_F(EngineClient, NegotiatesTheVersionAndFindsTheStore)
{
    EXPECT_EQ(engine().info().api_version, "1.41");
    EXPECT_EQ(engine().info().version, "20.10.24+fake");
    EXPECT_EQ(engine().info().store, ImageStore::Classic);
    m_fake.set_api_versions("1.44", "1.60");
    m_fake.set_store(ImageStore::Containerd);
    auto const newer = std::move(Engine::connect(m_fake.socket(), m_never, scrub)).value();
    EXPECT_EQ(newer->info().api_version, "1.51");
    EXPECT_EQ(newer->info().store, ImageStore::Containerd);
    EXPECT_TRUE(newer->images().ok());
}

TEST_F(EngineClient, RefusesAnEngineOfAnotherTime)
{
    m_fake.set_api_versions("1.12", "1.40");
    auto const old = Engine::connect(m_fake.socket(), m_never, scrub);
    EXPECT_EQ(old.error().kind(), ErrorKind::Refused);
    EXPECT_FALSE(old.error().remedy().empty());
    m_fake.set_api_versions("1.52", "1.60");
    EXPECT_EQ(Engine::connect(m_fake.socket(), m_never, scrub).error().kind(), ErrorKind::Refused);
}

TEST_F(EngineClient, SaysWhatToDoWhenNobodyAnswersAtTheSocket)
{
    auto const path = m_directory / "nobody.sock";
    auto const result = Engine::connect(path, m_never, scrub);
    EXPECT_EQ(result.error().kind(), ErrorKind::Unreachable);
    EXPECT_THAT(result.error().message(), HasSubstr("the Docker Engine does not answer at " + path.string()));
    EXPECT_THAT(result.error().remedy(), HasSubstr("dockerd"));
    EXPECT_EQ(result.error().exit_code(), ExitCode::Engine);
}

TEST_F(EngineClient, TakesALostConnectionForAnEngineThatWentAway)
{
    engine();
    answer_to("/containers/json", { .delivery = { .drop = true } });
    auto const result = engine().containers();
    EXPECT_EQ(result.error().kind(), ErrorKind::Unreachable);
    EXPECT_EQ(result.error().exit_code(), ExitCode::Engine);
}

TEST_F(EngineClient, EndsACallWhenAskedTo)
{
    auto const interrupt = std::move(Interrupt::on_signals({ SIGUSR2 })).value();
    auto const engine = std::move(Engine::connect(m_fake.socket(), interrupt, scrub)).value();
    test::RaisedSignal const raised(SIGUSR2);
    EXPECT_EQ(engine->containers().error().kind(), ErrorKind::Interrupted);
    EXPECT_TRUE(engine->uninterruptible()->containers().ok());
    EXPECT_EQ(engine->uninterruptible()->info().api_version, "1.41");
}

TEST_F(EngineClient, GivesForeignTextOnlyScrubbedPrintableAndShort)
{
    engine();
    answer_to("/containers/json", says(500, R"({"message":"the canary\nsang )" + std::string(5000, 'x') + "\"}"));
    auto const error = engine().containers().error();
    EXPECT_EQ(error.kind(), ErrorKind::Refused);
    EXPECT_THAT(error.message(), HasSubstr("the *** sang"));
    EXPECT_THAT(error.message(), HasSubstr("500"));
    EXPECT_LT(error.message().size(), 600U);
    EXPECT_EQ(error.exit_code(), ExitCode::Internal);  // nobody has chosen one yet
}

TEST_F(EngineClient, ScrubsNamesOfMembersToo)
{
    engine();
    answer_to("/json", says(200, R"({"canary":1,"canary":2})"));
    EXPECT_THAT(engine().inspect_container("a").error().message(), testing::Not(HasSubstr("canary")));
}

TEST_F(EngineClient, RefusesAnswersThatAreNotWhatTheApiPromises)
{
    engine();
    for (auto const* body : { "", "null", "[", "7", "{\"Id\":7}", "[{\"Id\":7}]", "<html>" }) {
        answer_to("/v1.41/", says(200, body));
        EXPECT_EQ(engine().images().error().kind(), ErrorKind::Invalid) << body;
        EXPECT_EQ(engine().inspect_image("a").error().kind(), ErrorKind::Invalid) << body;
        EXPECT_EQ(engine().containers().error().kind(), ErrorKind::Invalid) << body;
        EXPECT_EQ(engine().create_container("a", {}).error().kind(), ErrorKind::Invalid) << body;
        EXPECT_EQ(engine().wait_container("a", limits.deadline).error().kind(), ErrorKind::Invalid) << body;
        EXPECT_EQ(engine().distribution("a:b", std::nullopt, limits.deadline, m_patience).error().kind(),
            ErrorKind::Invalid)
            << body;
        EXPECT_EQ(pull().error().kind(), ErrorKind::Invalid) << body;
    }
}

TEST_F(EngineClient, DoesNotFollowARedirect)
{
    engine();
    answer_to("/containers/json", says(301, ""));
    EXPECT_EQ(engine().containers().error().kind(), ErrorKind::Refused);
}

TEST_F(EngineClient, SendsNothingForANameThatWouldMakeAnotherPath)
{
    engine();
    auto const before = m_fake.journal().snapshot().size();
    for (auto const* name : { "..", "a/../b", "a?b", "" }) {
        EXPECT_EQ(engine().inspect_container(name).error().kind(), ErrorKind::Invalid);
        EXPECT_EQ(engine().start_container(name).error().kind(), ErrorKind::Invalid);
        EXPECT_EQ(engine().remove_container(name, Engine::Force::Yes).error().kind(), ErrorKind::Invalid);
        EXPECT_EQ(engine().forbid_restart(name).error().kind(), ErrorKind::Invalid);
        EXPECT_EQ(engine().wait_container(name, limits.deadline).error().kind(), ErrorKind::Invalid);
        EXPECT_EQ(engine().rename_container("a", name).error().kind(), ErrorKind::Invalid);
        EXPECT_EQ(engine().create_container(name, {}).error().kind(), ErrorKind::Invalid);
        EXPECT_EQ(engine().inspect_image(name).error().kind(), ErrorKind::Invalid);
        EXPECT_EQ(engine().remove_image(name).error().kind(), ErrorKind::Invalid);
        EXPECT_EQ(engine().distribution(name, std::nullopt, limits.deadline, m_patience).error().kind(),
            ErrorKind::Invalid);
        EXPECT_FALSE(m_patience.worth_a_retry);
        EXPECT_EQ(engine().pull(name, manifest, std::nullopt, limits, {}, m_patience).error().kind(),
            ErrorKind::Invalid);
        EXPECT_FALSE(m_patience.worth_a_retry);
    }
    EXPECT_EQ(m_fake.journal().snapshot().size(), before);
}

TEST_F(EngineClient, PullsByDigestForLinuxOnAmd64)
{
    std::string target;
    m_fake.on_request([&](auto const& request) -> std::optional<http::Answer> {
        target = request.target;
        return std::nullopt;
    });
    ASSERT_TRUE(pull().ok());
    EXPECT_EQ(target,
        "/v1.41/images/create?fromImage=nearone%2fmpc-node&tag=sha256%3a" + manifest.hex() + "&platform=linux%2famd64");
    EXPECT_TRUE(m_fake.has_image(manifest.text()));
    EXPECT_EQ(m_progress.back(),
        (PullProgress { .bytes_done = 3001118, .bytes_total = 3001118, .layers_done = 2, .layers_total = 2 }));
    EXPECT_TRUE(pull().ok()) << "an image that is up to date";
    EXPECT_EQ(engine().images()->front().repo_digests,
        (std::vector<std::string> { std::string(repository) + "@" + manifest.text() }));
}

TEST_F(EngineClient, SaysNotFoundAtOnceWhenTheRegistryLacksTheDigest)
{
    auto const other = image::ManifestDigest::parse("sha256:" + std::string(64, 'f')).value();
    EXPECT_EQ(engine().pull(repository, other, std::nullopt, limits, {}, m_patience).error().kind(),
        ErrorKind::NotFound);
    EXPECT_FALSE(m_patience.worth_a_retry);
    EXPECT_EQ(engine().distribution("nearone/mpc-node:none", std::nullopt, limits.deadline, m_patience).error().kind(),
        ErrorKind::NotFound);
    EXPECT_FALSE(m_patience.worth_a_retry);
}

TEST_F(EngineClient, ReportsAnErrorInsideThe200Stream)
{
    engine();
    answer_to("/images/create",
        streams(R"({"status":"Pulling fs layer","id":"a","progressDetail":{}})"
                "\r\n"
                R"({"errorDetail":{},"error":"toomanyrequests: retry-after: 2s canary"})"
                "\r\n"));
    auto const result = pull();
    EXPECT_EQ(result.error().kind(), ErrorKind::Refused);
    EXPECT_THAT(result.error().message(), HasSubstr("toomanyrequests: retry-after: 2s ***"));
    EXPECT_TRUE(m_patience.worth_a_retry);
    EXPECT_EQ(m_patience.retry_after, std::chrono::seconds(2));
}

TEST_F(EngineClient, NeverTakesACutStreamForAPull)
{
    auto const stream =
        "{\"status\":\"Digest: " + manifest.text() + "\"}\r\n{\"status\":\"Status: Image is up to date for x\"}\r\n";
    engine();
    answer_to("/images/create", streams(stream));
    EXPECT_TRUE(pull().ok());
    for (std::size_t length = 0; length < stream.size(); ++length) {
        for (bool const chunked : { true, false }) {
            answer_to("/images/create",
                { .response = { .status = 200, .body = stream },
                    .delivery = { .cut_after = length, .chunked = chunked } });
            EXPECT_EQ(pull().error().kind(), ErrorKind::Unreachable) << length;
            EXPECT_TRUE(m_patience.worth_a_retry);
        }
    }
}

TEST_F(EngineClient, RefusesAStreamThatEndsWithoutAResult)
{
    engine();
    answer_to("/images/create",
        streams(R"({"status":"Pulling fs layer","id":"a","progressDetail":{}})"
                "\r\n"));
    EXPECT_EQ(pull().error().kind(), ErrorKind::Invalid);
    EXPECT_TRUE(m_patience.worth_a_retry);
}

TEST_F(EngineClient, RefusesAnEngineThatPulledAnotherDigest)
{
    engine();
    answer_to("/images/create",
        streams("{\"status\":\"Digest: " + image_id + "\"}{\"status\":\"Status: Downloaded newer image for x\"}"));
    EXPECT_EQ(pull().error().kind(), ErrorKind::Invalid);
}

TEST_F(EngineClient, GivesUpAPullThatNeverSaysAnything)
{
    engine();
    answer_to("/images/create", { .delivery = { .hang = true } });
    auto const start = std::chrono::steady_clock::now();
    EXPECT_EQ(pull({ .silence = Duration(50), .deadline = std::chrono::seconds(20) }).error().kind(),
        ErrorKind::Timeout);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    EXPECT_TRUE(m_patience.worth_a_retry);
    EXPECT_EQ(pull({ .silence = std::chrono::seconds(20), .deadline = Duration(50) }).error().kind(),
        ErrorKind::Timeout);
}

TEST_F(EngineClient, TakesA404OfTheEngineForAFinalAnswerAndA500ForAPassingOne)
{
    engine();
    struct Case {
        unsigned status;
        ErrorKind kind;
        bool again;
    };
    for (auto const& [status, kind, again] : { Case { 400, ErrorKind::Refused, false },
             Case { 401, ErrorKind::Refused, false }, Case { 404, ErrorKind::NotFound, false },
             Case { 429, ErrorKind::Refused, true }, Case { 500, ErrorKind::Refused, true } }) {
        answer_to("/", says(status, R"({"message":"no"})"));
        EXPECT_EQ(pull().error().kind(), kind) << status;
        EXPECT_EQ(m_patience.worth_a_retry, again) << status;
        EXPECT_EQ(engine().distribution("a:b", std::nullopt, limits.deadline, m_patience).error().kind(), kind)
            << status;
        EXPECT_EQ(m_patience.worth_a_retry, again) << status;
    }
}

TEST_F(EngineClient, HandsOnWhenToAskAgain)
{
    engine();
    answer_to("/", { .response = { .status = 429, .headers = { { "Retry-After", "7" } }, .body = "slow down" } });
    EXPECT_FALSE(pull().ok());
    EXPECT_EQ(m_patience.retry_after, std::chrono::seconds(7));
    m_patience = {};
    EXPECT_FALSE(engine().distribution("a:b", std::nullopt, limits.deadline, m_patience).ok());
    EXPECT_EQ(m_patience.retry_after, std::chrono::seconds(7));
}

TEST_F(EngineClient, SendsCredentialsOnlyWhereThereAreSome)
{
    RegistryCredentials const credentials {
        .username = "user", .password = Secret("canary"), .identity_token = Secret(), .server = "s"
    };
    m_fake.require_credentials("user", "canary");
    EXPECT_EQ(pull().error().kind(), ErrorKind::Refused);
    EXPECT_TRUE(m_patience.worth_a_retry) << "the engine turns a registry's 401 into a 500";
    EXPECT_TRUE(engine().pull(repository, manifest, credentials, limits, {}, m_patience).ok());
    EXPECT_TRUE(engine().distribution("nearone/mpc-node:latest", credentials, limits.deadline, m_patience).ok());
    EXPECT_FALSE(engine().distribution("nearone/mpc-node:latest", std::nullopt, limits.deadline, m_patience).ok());
}

TEST_F(EngineClient, AsksTheRegistryForATag)
{
    auto const answer = engine().distribution("nearone/mpc-node:latest", std::nullopt, limits.deadline, m_patience);
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    EXPECT_EQ(answer->digest, manifest);
    EXPECT_EQ(answer->platforms, (std::vector<std::string> { "linux/amd64" }));
    answer_to("/distribution/", { .delivery = { .hang = true } });
    EXPECT_EQ(engine().distribution("nearone/mpc-node:latest", std::nullopt, Duration(50), m_patience).error().kind(),
        ErrorKind::Timeout);
    EXPECT_TRUE(m_patience.worth_a_retry);
}

TEST_F(EngineClient, RemovesAnImageAndDoesNotMindIfItIsGone)
{
    ASSERT_TRUE(pull().ok());
    EXPECT_TRUE(engine().remove_image(image_id).ok());
    EXPECT_FALSE(m_fake.has_image(image_id));
    EXPECT_TRUE(engine().remove_image(image_id).ok());
    EXPECT_EQ(engine().inspect_image(image_id).error().kind(), ErrorKind::NotFound);
}

TEST_F(EngineClient, LeavesAnImageInUse)
{
    make_container();
    EXPECT_EQ(engine().remove_image(image_id).error().kind(), ErrorKind::Refused);
    EXPECT_TRUE(m_fake.has_image(image_id));
}

TEST_F(EngineClient, TakesAContainerThroughItsLife)
{
    auto const id = make_container();
    EXPECT_EQ(engine().containers()->front().state, "created");
    EXPECT_EQ(test::text_at(engine().inspect_container(id).value(), "Name"), "/mpc-node");
    EXPECT_TRUE(engine().start_container(id).ok());
    EXPECT_TRUE(engine().start_container(id).ok()) << "already running";
    EXPECT_EQ(engine().wait_container(id, Duration(50)).error().kind(), ErrorKind::Timeout);
    EXPECT_TRUE(engine().rename_container(id, "mpc-node-old").ok());
    EXPECT_EQ(engine().remove_container(id, Engine::Force::No).error().kind(), ErrorKind::Refused);
    EXPECT_TRUE(engine().stop_container(id, std::chrono::seconds(1)).ok());
    EXPECT_TRUE(engine().stop_container(id, std::chrono::seconds(1)).ok()) << "already stopped";
    EXPECT_EQ(engine().wait_container("mpc-node-old", limits.deadline)->code, 0);
    EXPECT_TRUE(engine().kill_container(id).ok()) << "nothing to kill";
    EXPECT_TRUE(engine().remove_container(id, Engine::Force::No).ok());
    EXPECT_TRUE(engine().remove_container(id, Engine::Force::No).ok()) << "already gone";
    EXPECT_EQ(engine().start_container(id).error().kind(), ErrorKind::NotFound);
    EXPECT_TRUE(engine().containers()->empty());
}

TEST_F(EngineClient, AsksForWhatItMeansToAsk)
{
    std::vector<std::string> targets;
    auto const id = make_container();
    m_fake.on_request([&](auto const& request) -> std::optional<http::Answer> {
        targets.push_back(request.target);
        return std::nullopt;
    });
    (void)engine().containers().ok();
    (void)engine().start_container("mpc-node").ok();
    (void)engine().stop_container("mpc-node", std::chrono::seconds(30)).ok();
    (void)engine().stop_container("mpc-node", std::chrono::seconds(-1)).ok();
    (void)engine().wait_container("mpc-node", limits.deadline).ok();
    (void)engine().rename_container("mpc-node", "other").ok();
    (void)engine().remove_container("other", Engine::Force::Yes).ok();
    EXPECT_THAT(targets,
        ElementsAre("/v1.41/containers/json?all=true", "/v1.41/containers/mpc-node/start",
            "/v1.41/containers/mpc-node/stop?t=30", "/v1.41/containers/mpc-node/stop?t=0",
            "/v1.41/containers/mpc-node/wait?condition=not-running", "/v1.41/containers/mpc-node/rename?name=other",
            "/v1.41/containers/other?v=1&force=1"));
}

TEST_F(EngineClient, WaitsForAnEndThatComes)
{
    auto const id = make_container();
    m_fake.ends_when_started("mpc-node", { .after = Duration(100), .exit_code = 3 });
    ASSERT_TRUE(engine().start_container(id).ok());
    EXPECT_EQ(engine().wait_container(id, limits.deadline)->code, 3);
    EXPECT_EQ(engine().containers()->front().state, "exited");
}

TEST_F(EngineClient, GivesAStopTheTimeOfItsGrace)
{
    auto const id = make_container();
    ASSERT_TRUE(engine().start_container(id).ok());
    auto slow = says(204, "");
    slow.delivery.delay = Duration(200);
    answer_to("/stop", slow);
    EXPECT_TRUE(engine().stop_container(id, std::chrono::seconds(0)).ok());
}

TEST_F(EngineClient, KillsAndForbidsRestarting)
{
    m_fake.add_image(repository, node_image());
    auto const id = m_fake.add_container("mpc-node",
        test::with({ { "Image", image_id } }, "HostConfig.RestartPolicy.Name", "always"), "running");
    ASSERT_TRUE(engine().forbid_restart(id).ok());
    EXPECT_EQ(m_fake.container(id)->restart_policy(), "no");
    EXPECT_TRUE(engine().kill_container(id).ok());
    EXPECT_EQ(m_fake.container(id)->exit_code, 137);
}

TEST_F(EngineClient, DoesNotTakeARefusedKillForOneThatWorked)
{
    auto const id = make_container();
    ASSERT_TRUE(engine().start_container(id).ok());
    answer_to("/kill", says(409, R"({"message":"Container is not running"})"));
    EXPECT_EQ(engine().kill_container(id).error().kind(), ErrorKind::Refused);
    EXPECT_EQ(engine().kill_container("other").error().kind(), ErrorKind::NotFound);
}

TEST_F(EngineClient, NeverRepeatsItsOwnRequest)
{
    m_fake.add_image(repository, node_image());
    auto const result =
        engine().create_container("mpc-node", { { "Image", "nope" }, { "Env", json::Array { "SECRET=flamingo" } } });
    EXPECT_EQ(result.error().kind(), ErrorKind::NotFound);
    EXPECT_THAT(result.error().message(), testing::Not(HasSubstr("flamingo")));
    EXPECT_TRUE(result.error().message().starts_with("creating the container: "));
}

TEST(FakeEngineItself, RestoresAfterAResetWhatDockerdWould)
{
    test::TemporaryDirectory const directory;
    FakeEngine fake(directory / "docker.sock");
    fake.add_image(repository, node_image());
    for (auto const* policy : { "no", "on-failure", "unless-stopped", "always" }) {
        json::Object const body = test::with({ { "Image", image_id } }, "HostConfig.RestartPolicy.Name", policy);
        fake.add_container(policy, body, "running");
        fake.add_container(std::string(policy) + "-stopped", body, "exited");
    }
    fake.reset();
    std::vector<std::string> running;
    for (auto const& container : fake.containers()) {
        if (container.is_running())
            running.push_back(container.name);
    }
    EXPECT_THAT(running, ElementsAre("on-failure", "unless-stopped", "always", "always-stopped"));
    EXPECT_EQ(fake.container("no")->exit_code, 255);
}

TEST(FakeEngineItself, WritesAJournalOfDeedsByName)
{
    test::TemporaryDirectory const directory;
    simulator::Journal journal;
    FakeEngine fake(directory / "docker.sock", &journal);
    fake.publish(repository, node_image());
    auto const never = Interrupt::never();
    auto const engine = std::move(Engine::connect(fake.socket(), never, {})).value();
    Patience patience;
    ASSERT_TRUE(engine->pull(repository, manifest, std::nullopt, limits, {}, patience).ok());
    auto const id = engine->create_container("mpc-node", { { "Image", image_id } }).value();
    ASSERT_TRUE(engine->start_container(id).ok());
    ASSERT_TRUE(engine->rename_container(id, "old").ok());
    ASSERT_TRUE(engine->remove_container(id, Engine::Force::Yes).ok());
    EXPECT_THAT(fake.deeds(),
        ElementsAre("POST /images/create nearone/mpc-node@" + manifest.text(), "POST /containers/create mpc-node",
            "POST /containers/mpc-node/start", "POST /containers/mpc-node/rename old", "DELETE /containers/old"));
}

}  // namespace
}  // namespace mpc::docker
