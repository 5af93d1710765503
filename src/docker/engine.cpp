#include "docker/engine.h"

#include <algorithm>

#include <fmt/format.h>

#include "docker/credentials.h"
#include "docker/parse.h"
#include "docker/patience.h"
#include "docker/pull_stream.h"
#include "docker/target.h"
#include "http/client.h"

namespace mpc::docker {

namespace {

using http::Method;
using http::Request;
using http::Response;

/// For what the engine knows, and for what makes it work on a disk or start a process.
constexpr Duration question_deadline = std::chrono::seconds(30);
constexpr Duration change_deadline = std::chrono::seconds(120);
/// What the engine may need beyond the grace it gives a container.
constexpr Duration stop_margin = std::chrono::seconds(30);

Interrupt const& never_raised()
{
    static Interrupt const never = Interrupt::never();
    return never;
}

std::vector<http::Header> headers_for(std::optional<RegistryCredentials> const& credentials)
{
    if (!credentials)
        return {};
    return { { "X-Registry-Auth", registry_auth_header(*credentials).reveal() } };
}

Result<void> allow_not_found(Result<void> outcome)
{
    if (!outcome.ok() && outcome.error().kind() == ErrorKind::NotFound)
        return ok;
    return outcome;
}

class HttpEngine final : public Engine {
public:
    HttpEngine(http::Client client, Scrubber scrubber) : m_client(std::move(client)), m_scrubber(std::move(scrubber)) {}

    Result<void> negotiate()
    {
        constexpr auto doing = "asking for the Docker Engine's version";
        auto const answer = TRY(ask(doing, "/version"));
        auto version = TRY(cleaned(doing, parse_version(answer.body)));
        m_prefix = "/v" + version.api_version;
        auto const info = TRY(ask(doing, m_prefix + "/info"));
        auto const store = TRY(cleaned(doing, parse_store(info.body)));
        m_info = { .version = version.version, .api_version = version.api_version, .store = store };
        return ok;
    }

    EngineInfo const& info() const override { return m_info; }

    Result<std::vector<ImageSummary>> images() override
    {
        constexpr auto doing = "listing the images";
        return cleaned(doing, parse_images(TRY(ask(doing, m_prefix + "/images/json")).body));
    }

    Result<ImageDetails> inspect_image(std::string_view reference) override
    {
        constexpr auto doing = "inspecting the image";
        auto const path = TRY(image_path(m_prefix + "/images/", reference, "/json").in(doing));
        return cleaned(doing, parse_image(TRY(ask(doing, path)).body));
    }

    Result<void> remove_image(std::string_view reference) override
    {
        constexpr auto doing = "removing the image";
        auto const path = TRY(image_path(m_prefix + "/images/", reference, "").in(doing));
        return allow_not_found(change(doing, { .method = Method::Delete, .target = path }));
    }

    Result<Distribution> distribution(std::string const& reference,
        std::optional<RegistryCredentials> const& credentials, Duration timeout, Patience& patience) override
    {
        constexpr auto doing = "asking the registry for the image";
        patience = { .worth_a_retry = false };
        auto path = TRY(image_path(m_prefix + "/distribution/", reference, "/json").in(doing));
        auto const answer = TRY(exchange(doing, { .target = std::move(path), .headers = headers_for(credentials) },
            timeout, &patience));
        patience = { .worth_a_retry = true };
        return cleaned(doing, parse_distribution(answer.body));
    }

    Result<void> pull(std::string const& repository, image::ManifestDigest const& digest,
        std::optional<RegistryCredentials> const& credentials, PullLimits limits,
        std::function<void(PullProgress const&)> const& on_progress, Patience& patience) override;

    Result<std::vector<ContainerSummary>> containers() override
    {
        constexpr auto doing = "listing the containers";
        return cleaned(doing, parse_containers(TRY(ask(doing, m_prefix + "/containers/json?all=true")).body));
    }

    Result<json::Object> inspect_container(std::string_view id) override
    {
        constexpr auto doing = "inspecting the container";
        auto const path = TRY(container_path(id, "json").in(doing));
        return cleaned(doing, json::read_object(TRY(ask(doing, m_prefix + path)).body));
    }

    Result<std::string> create_container(std::string_view name, json::Object const& body) override
    {
        constexpr auto doing = "creating the container";
        TRY(check_container_name(name).in(doing));
        Request const request { .method = Method::Post,
            .target = m_prefix + "/containers/create?name=" + http::percent_encode(name),
            .body = json::write(body) };
        return cleaned(doing, parse_created(TRY(exchange(doing, request, change_deadline)).body));
    }

    Result<void> start_container(std::string_view id) override { return act("starting the container", id, "start"); }

    Result<void> stop_container(std::string_view id, std::chrono::seconds grace) override
    {
        // A negative number would make the engine wait for ever.
        auto const seconds = std::max(grace, std::chrono::seconds::zero());
        return act("stopping the container", id, fmt::format("stop?t={}", seconds.count()), seconds + stop_margin);
    }

    Result<void> kill_container(std::string_view id) override
    {
        auto killed = act("killing the container", id, "kill");
        // The engine refuses to kill what does not run, which may have ended just now.
        if (!killed.ok() && killed.error().kind() == ErrorKind::Refused && !TRY(is_running(id)))
            return ok;
        return killed;
    }

    Result<void> rename_container(std::string_view id, std::string_view name) override
    {
        constexpr auto doing = "renaming the container";
        TRY(check_container_name(name).in(doing));
        return act(doing, id, "rename?name=" + http::percent_encode(name));
    }

    Result<void> remove_container(std::string_view id, Force force) override
    {
        constexpr auto doing = "removing the container";
        auto path = m_prefix + TRY(container_path(id, "").in(doing)) + "?v=1";
        if (force == Force::Yes)
            path += "&force=1";
        return allow_not_found(change(doing, { .method = Method::Delete, .target = std::move(path) }));
    }

    Result<void> forbid_restart(std::string_view id) override
    {
        constexpr auto doing = "setting the container's restart policy";
        auto path = m_prefix + TRY(container_path(id, "update").in(doing));
        return change(doing,
            { .method = Method::Post, .target = std::move(path), .body = R"({"RestartPolicy":{"Name":"no"}})" });
    }

    Result<Exit> wait_container(std::string_view id, Duration at_most) override
    {
        constexpr auto doing = "waiting for the container";
        auto path = m_prefix + TRY(container_path(id, "wait?condition=not-running").in(doing));
        auto const answer = TRY(exchange(doing, { .method = Method::Post, .target = std::move(path) }, at_most));
        return cleaned(doing, parse_exit(answer.body));
    }

    std::unique_ptr<Engine> under(Interrupt const& interrupt) const override
    {
        auto engine = std::make_unique<HttpEngine>(http::Client(m_client.socket(), interrupt), m_scrubber);
        engine->m_prefix = m_prefix;
        engine->m_info = m_info;
        return engine;
    }

    std::unique_ptr<Engine> uninterruptible() const override { return under(never_raised()); }

private:
    /// One exchange that is to succeed (2xx, or 304: it is so already). `patience` is set when the result is an error.
    Result<Response> exchange(std::string const& doing, Request const& request, Duration deadline,
        Patience* patience = nullptr) const
    {
        auto answer = m_client.send(request, { .deadline = deadline, .silence = deadline });
        if (!answer.ok()) {
            if (patience)
                *patience = { .worth_a_retry = answer.error().kind() != ErrorKind::Interrupted };
            return unanswered(doing, std::move(answer).error());
        }
        if (answer->is_success() || answer->status == 304)
            return answer;
        if (patience)
            *patience = patience_after(*answer);
        return refused(doing, *answer);
    }
    Result<Response> ask(std::string const& doing, std::string target) const
    {
        return exchange(doing, { .target = std::move(target) }, question_deadline);
    }
    Result<void> change(std::string const& doing, Request const& request, Duration deadline = change_deadline) const
    {
        TRY(exchange(doing, request, deadline));
        return ok;
    }
    Result<void> act(std::string const& doing, std::string_view id, std::string const& action,
        Duration deadline = change_deadline) const
    {
        auto path = m_prefix + TRY(container_path(id, action).in(doing));
        return change(doing, { .method = Method::Post, .target = std::move(path) }, deadline);
    }

    Result<bool> is_running(std::string_view id)
    {
        auto const container = TRY(inspect_container(id));
        auto const* state = TRY(container.require_object("State"));
        return TRY(state->require_bool("Running")) || TRY(state->require_bool("Restarting"));
    }

    /// No answer, or not a whole one.
    static Error unanswered(std::string const& doing, Error error)
    {
        if (error.kind() != ErrorKind::Unreachable && error.kind() != ErrorKind::Io)
            return std::move(error).in(doing);
        // The client's message starts with the path of the socket.
        return Error(ErrorKind::Unreachable, "the Docker Engine does not answer at " + error.message())
            .remedy("check that /var/run/docker.sock is mounted into the launcher's container and that dockerd runs")
            .exit_as(ExitCode::Engine)
            .in(doing);
    }

    [[nodiscard]] Error refused(std::string const& doing, Response const& answer) const
    {
        auto const kind = answer.status == 404 ? ErrorKind::NotFound : ErrorKind::Refused;
        return Error(kind,
            fmt::format("the Docker Engine answered {}: {}", answer.status,
                clean(m_scrubber, refusal_text(answer.body))))
            .in(doing);
    }

    /// What reading an answer came to. Errors of reading may name members, which are foreign text, too.
    template <typename T>
    [[nodiscard]] Result<T> cleaned(std::string const& doing, Result<T> result) const
    {
        if (result.ok())
            return result;
        return Error(result.error().kind(), clean(m_scrubber, result.error().message()))
            .remedy(result.error().remedy())
            .in(doing);
    }

    http::Client m_client;
    Scrubber m_scrubber;
    std::string m_prefix;
    EngineInfo m_info { .version = {}, .api_version = {}, .store = ImageStore::Classic };
};

Result<void> HttpEngine::pull(std::string const& repository, image::ManifestDigest const& digest,
    std::optional<RegistryCredentials> const& credentials, PullLimits limits,
    std::function<void(PullProgress const&)> const& on_progress, Patience& patience)
{
    constexpr auto doing = "pulling the image";
    patience = { .worth_a_retry = false };
    TRY(check_reference(repository).in(doing));
    Request const request { .method = Method::Post,
        .target = fmt::format("{}/images/create?fromImage={}&tag={}&platform={}", m_prefix,
            http::percent_encode(repository), http::percent_encode(digest.text()), http::percent_encode("linux/amd64")),
        .headers = headers_for(credentials) };

    PullStream stream(digest, m_scrubber);
    PullProgress last;
    auto const answer = m_client.stream(request,
        [&](std::string_view piece) -> Result<void> {
            TRY(stream.feed(piece));
            if (auto const now = stream.progress(); on_progress && now != last) {
                last = now;
                on_progress(now);
            }
            return ok;
        },
        { .deadline = limits.deadline, .silence = limits.silence });

    if (!answer.ok()) {
        patience = { .worth_a_retry = answer.error().kind() != ErrorKind::Interrupted,
            .retry_after = stream.retry_after() };
        return unanswered(doing, answer.error());
    }
    if (!answer->is_success()) {
        patience = patience_after(*answer);
        return refused(doing, *answer);
    }
    patience = { .worth_a_retry = true };
    return stream.finish().in(doing);
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::connect(std::filesystem::path socket, Interrupt const& interrupt,
    Scrubber scrubber)
{
    auto engine = std::make_unique<HttpEngine>(http::Client(std::move(socket), interrupt), std::move(scrubber));
    TRY(engine->negotiate());
    return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace mpc::docker
