// What the launcher relies on, asked of the fake engine and of a real one, so that the fake cannot drift from it. The
// real one is at $TEST_DOCKER_SOCKET and pulls $TEST_DOCKER_IMAGE, "repository@sha256:...", whose command runs until
// SIGTERM.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "docker/engine.h"
#include "support/fake_engine.h"
#include "support/json_edit.h"
#include "support/temporary_directory.h"

namespace mpc::docker {
namespace {

using test::at;
using test::text_at;
using test::with;

constexpr auto container_name = "mpc-contract-test";
PullLimits const limits { .silence = std::chrono::seconds(30), .deadline = std::chrono::seconds(60) };

std::string environment(char const* name)
{
    auto const* value = std::getenv(name);
    return value ? value : "";
}

/// An engine, and the image that it can pull.
struct Subject {
    std::unique_ptr<Engine> engine;
    std::string repository;
    image::ManifestDigest digest;
};

class EngineContract : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override
    {
        if (GetParam() == "real" && environment("TEST_DOCKER_SOCKET").empty())
            GTEST_SKIP() << "skipped: no Docker Engine";
        if (GetParam() == "real")
            real();
        else
            fake();
        clear();
        Patience patience;
        auto const pulled =
            m_subject->engine->pull(m_subject->repository, m_subject->digest, std::nullopt, limits, {}, patience);
        ASSERT_TRUE(pulled.ok()) << pulled.error().message();
        m_image = m_subject->engine->inspect_image(name()).value();
    }
    void TearDown() override
    {
        if (m_subject)
            clear();
    }

    void real()
    {
        auto const image = environment("TEST_DOCKER_IMAGE");
        auto const at_sign = image.find('@');
        m_subject = Subject { std::move(Engine::connect(environment("TEST_DOCKER_SOCKET"), m_never, {})).value(),
            image.substr(0, at_sign), image::ManifestDigest::parse(image.substr(at_sign + 1)).value() };
    }
    void fake()
    {
        test::FakeImage const image { .manifest = "sha256:" + std::string(64, 'a'),
            .config = "sha256:" + std::string(64, 'b'),
            .volumes = { "/scratch" },
            .exposed_ports = { "8080/tcp" } };
        m_fake = std::make_unique<test::FakeEngine>(m_directory / "docker.sock");
        m_fake->publish("near/mpc-node", image);
        m_subject = Subject { std::move(Engine::connect(m_fake->socket(), m_never, {})).value(), "near/mpc-node",
            image::ManifestDigest::parse(image.manifest).value() };
    }
    void clear() const
    {
        for (auto const* suffix : { "", "-old", "-second" })
            ASSERT_TRUE(engine().remove_container(std::string(container_name) + suffix, Engine::Force::Yes).ok());
    }

    [[nodiscard]] Engine& engine() const { return *m_subject->engine; }
    [[nodiscard]] std::string name() const { return m_subject->repository + "@" + m_subject->digest.text(); }
    [[nodiscard]] json::Object body() const
    {
        return {
            { "Image", m_image.id },
            { "Env", json::Array { "PATH=/ours", "ADDED=1" } },
            { "Labels", json::Object { { "ours", "1" } } },
            { "ExposedPorts", json::Object { { "18999/tcp", json::Object() } } },
            { "HostConfig",
                json::Object { { "Binds", json::Array { "/tmp:/host:ro", "mpc-contract-volume:/data:rw" } },
                    { "PortBindings",
                        json::Object { { "18999/tcp",
                            json::Array { json::Object { { "HostIp", "" }, { "HostPort", "18999" } } } } } },
                    { "RestartPolicy", json::Object { { "Name", "on-failure" } } },
                    { "SecurityOpt", json::Array { "no-new-privileges:true" } }, { "CapDrop", json::Array { "ALL" } },
                    { "Tmpfs", json::Object { { "/tmp", "rw,size=1048576" } } }, { "PidsLimit", 100 } } },
        };
    }
    std::string create(json::Object const& asked, std::string const& suffix = "") const
    {
        auto created = engine().create_container(container_name + suffix, asked);
        EXPECT_TRUE(created.ok()) << created.error().message();
        return created.ok() ? created.value() : "";
    }
    [[nodiscard]] json::Object inspect(std::string const& id) const { return engine().inspect_container(id).value(); }
    [[nodiscard]] ContainerSummary summary(std::string const& id) const
    {
        auto const containers = engine().containers().value();
        for (auto const& container : containers) {
            if (container.id == id)
                return container;
        }
        ADD_FAILURE() << "the container is not in the list";
        return {};
    }
    [[nodiscard]] std::string state(std::string const& id) const { return text_at(inspect(id), "State.Status"); }

    test::TemporaryDirectory m_directory;
    Interrupt m_never = Interrupt::never();
    std::unique_ptr<test::FakeEngine> m_fake;
    std::optional<Subject> m_subject;
    ImageDetails m_image;
};

INSTANTIATE_TEST_SUITE_P(Docker, EngineContract, testing::Values("fake", "real"),
    [](auto const& each) { return each.param; });

TEST_P(EngineContract, HasTheImageUnderItsDigestAfterThePull)
{
    EXPECT_THAT(m_image.repo_digests, testing::Contains(name()));
    EXPECT_EQ(m_image.os + "/" + m_image.architecture, "linux/amd64");
    auto const images = engine().images().value();
    EXPECT_TRUE(std::ranges::any_of(images, [&](auto const& image) { return image.id == m_image.id; }));
}

TEST_P(EngineContract, KnowsADigestThatTheRegistryLacks)
{
    Patience patience;
    auto const zeros = image::ManifestDigest::parse("sha256:" + std::string(64, '0')).value();
    auto const missing = engine().pull(m_subject->repository, zeros, std::nullopt, limits, {}, patience);
    EXPECT_EQ(missing.error().kind(), ErrorKind::NotFound);
    EXPECT_FALSE(patience.worth_a_retry);
    EXPECT_EQ(engine().inspect_image(m_subject->repository + "@" + zeros.text()).error().kind(), ErrorKind::NotFound);
    EXPECT_TRUE(engine().remove_image(m_subject->repository + "@" + zeros.text()).ok());
}

TEST_P(EngineContract, TellsWhatTheRegistryHas)
{
    Patience patience;
    auto const answer = engine().distribution(name(), std::nullopt, limits.deadline, patience);
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    EXPECT_EQ(answer->digest, m_subject->digest);
}

TEST_P(EngineContract, EchoesWhatWasAskedMergedWithTheImage)
{
    auto const document = inspect(create(body()));
    EXPECT_EQ(text_at(document, "Image"), m_image.id);
    EXPECT_EQ(text_at(document, "Name"), "/" + std::string(container_name));
    auto expected = std::vector<std::string> { "PATH=/ours", "ADDED=1" };
    for (auto const& inherited : m_image.environment) {
        if (!inherited.starts_with("PATH="))
            expected.push_back(inherited);
    }
    EXPECT_EQ(test::texts_at(document, "Config.Env"), expected);
    EXPECT_EQ(test::texts_at(document, "Config.Cmd"), m_image.command);
    EXPECT_EQ(test::texts_at(document, "Config.Entrypoint"), m_image.entrypoint);
    EXPECT_EQ(text_at(document, "Config.WorkingDir"), m_image.working_directory);
    EXPECT_EQ(text_at(document, "Config.Labels.ours"), "1");
    EXPECT_EQ(text_at(document, "Config.Image"), m_image.id);
    EXPECT_EQ(at(document, "Config.ExposedPorts").object()->size(), m_image.exposed_ports.size() + 1);
    EXPECT_EQ(json::write(at(document, "HostConfig.RestartPolicy")), R"({"Name":"on-failure","MaximumRetryCount":0})");
    EXPECT_EQ(json::write(at(document, "HostConfig.Tmpfs")), R"({"/tmp":"rw,size=1048576"})");
    EXPECT_EQ(text_at(document, "HostConfig.NetworkMode"), "default");
    EXPECT_EQ(text_at(document, "HostConfig.Runtime"), "runc");
}

TEST_P(EngineContract, HasTheDefaultsOfTheFakeWhereNothingIsAsked)
{
    if (engine().info().api_version != "1.41")
        GTEST_SKIP() << "skipped: the fake has the defaults of engine 20.10";
    json::Object const bare { { "Image", m_image.id } };
    auto const document = inspect(create(bare));
    auto const fake =
        test::FakeContainer::create("id", "name", bare, { .manifest = {}, .config = {} }, "image").value();
    EXPECT_EQ(json::write_canonical(at(document, "HostConfig")), json::write_canonical(fake.host_config));
}

TEST_P(EngineContract, ListsMountsButNotTmpfsOptions)
{
    auto const id = create(body());
    auto const mine = summary(id);
    std::vector<std::string> mounts;
    for (auto const& mount : mine.mounts) {
        auto const is_anonymous = mount.type == "volume" && mount.name.size() == 64;
        mounts.push_back(mount.type + " " + (is_anonymous ? "anonymous" : mount.name) + " " + mount.destination
            + (mount.writable ? " rw" : " ro"));
    }
    std::vector<std::string> expected { "bind  /host ro", "volume mpc-contract-volume /data rw" };
    for (auto const& volume : m_image.volumes)
        expected.push_back("volume anonymous " + volume + " rw");
    EXPECT_THAT(mounts, testing::UnorderedElementsAreArray(expected));
    EXPECT_EQ(at(inspect(id), "Mounts").array()->size(), expected.size());
    EXPECT_EQ(mine.names, (std::vector<std::string> { container_name }));
    EXPECT_EQ(mine.image_id, m_image.id);
    EXPECT_EQ(mine.state, "created");
    EXPECT_TRUE(mine.ports.empty()) << "ports are held by what runs";
}

TEST_P(EngineContract, PublishesOnlyPortsThatAreExposedToo)
{
    auto const id = create(body());
    ASSERT_TRUE(engine().start_container(id).ok());
    auto const ports = summary(id).ports;
    EXPECT_EQ(ports.size(), 2U) << "IPv4 and IPv6";
    EXPECT_TRUE(std::ranges::all_of(ports,
        [](auto const& port) { return port.host == 18999 && port.container == 18999; }));

    auto const unexposed = create(test::without(body(), "ExposedPorts"), "-second");
    EXPECT_TRUE(engine().start_container(unexposed).ok()) << "the port is taken, but not asked for";
}

TEST_P(EngineContract, RefusesToStartOnAPortThatIsTaken)
{
    ASSERT_TRUE(engine().start_container(create(body())).ok());
    auto const second = create(body(), "-second");
    auto const started = engine().start_container(second);
    EXPECT_EQ(started.error().kind(), ErrorKind::Refused);
    EXPECT_THAT(started.error().message(), testing::HasSubstr("port is already allocated"));
    EXPECT_EQ(state(second), "created");
}

TEST_P(EngineContract, RefusesANameThatIsTaken)
{
    create(body());
    auto const second = engine().create_container(container_name, body());
    EXPECT_EQ(second.error().kind(), ErrorKind::Refused);
    EXPECT_THAT(second.error().message(), testing::HasSubstr("already in use"));
    auto const other = create(body(), "-second");
    EXPECT_EQ(engine().rename_container(other, container_name).error().kind(), ErrorKind::Refused);
}

TEST_P(EngineContract, RefusesAnImageThatIsNotThere)
{
    auto const missing = with(body(), "Image", "sha256:" + std::string(64, '0'));
    EXPECT_EQ(engine().create_container(container_name, missing).error().kind(), ErrorKind::NotFound);
}

TEST_P(EngineContract, TakesAContainerThroughItsLife)
{
    auto const id = create(body());
    EXPECT_TRUE(engine().start_container(id).ok());
    EXPECT_TRUE(engine().start_container(id).ok());
    EXPECT_EQ(state(id), "running");
    EXPECT_EQ(engine().wait_container(id, Duration(300)).error().kind(), ErrorKind::Timeout);
    EXPECT_EQ(engine().remove_container(id, Engine::Force::No).error().kind(), ErrorKind::Refused);
    EXPECT_TRUE(engine().forbid_restart(id).ok());
    EXPECT_EQ(text_at(inspect(id), "HostConfig.RestartPolicy.Name"), "no");
    EXPECT_TRUE(engine().rename_container(id, std::string(container_name) + "-old").ok());
    EXPECT_TRUE(engine().stop_container(id, std::chrono::seconds(10)).ok());
    EXPECT_TRUE(engine().stop_container(id, std::chrono::seconds(10)).ok());
    EXPECT_EQ(state(id), "exited");
    EXPECT_EQ(engine().wait_container(id, limits.deadline)->code, 0);
    EXPECT_TRUE(engine().kill_container(id).ok());
    EXPECT_EQ(engine().remove_image(m_image.id).error().kind(), ErrorKind::Refused) << "a container uses it";
    EXPECT_TRUE(engine().remove_container(id, Engine::Force::No).ok());
    EXPECT_TRUE(engine().remove_container(id, Engine::Force::No).ok());
    EXPECT_EQ(engine().inspect_container(id).error().kind(), ErrorKind::NotFound);
    EXPECT_EQ(engine().start_container(id).error().kind(), ErrorKind::NotFound);
    EXPECT_EQ(engine().forbid_restart(id).error().kind(), ErrorKind::NotFound);
    EXPECT_EQ(engine().wait_container(id, limits.deadline).error().kind(), ErrorKind::NotFound);
}

TEST_P(EngineContract, KillsWithSigkill)
{
    auto const id = create(body());
    ASSERT_TRUE(engine().start_container(id).ok());
    EXPECT_TRUE(engine().kill_container(id).ok());
    EXPECT_EQ(engine().wait_container(id, limits.deadline)->code, 137);
}

TEST_P(EngineContract, RefusesAMountPointTwice)
{
    auto const twice = with(body(), "HostConfig.Binds", json::Array { "/tmp:/host", "/usr:/host" });
    auto const refused = engine().create_container(container_name, twice);
    EXPECT_EQ(refused.error().kind(), ErrorKind::Refused);
    EXPECT_THAT(refused.error().message(), testing::HasSubstr("Duplicate mount point"));
}

TEST_P(EngineContract, InheritsTheCommandOnlyWithTheEntrypoint)
{
    auto const document = inspect(create(with(body(), "Entrypoint", json::Array { "/bin/busybox" })));
    EXPECT_TRUE(at(document, "Config.Cmd").is_null());
    EXPECT_EQ(text_at(document, "Path"), "/bin/busybox");
    auto const none =
        inspect(create(with(with(body(), "Entrypoint", json::Array { "" }), "Cmd", json::Array { "/z" }), "-second"));
    EXPECT_TRUE(at(none, "Config.Entrypoint").is_null());
    EXPECT_EQ(text_at(none, "Path"), "/z");
}

}  // namespace
}  // namespace mpc::docker
