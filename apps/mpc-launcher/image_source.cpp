#include "image_source.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "docker/credentials.h"

namespace mpc::launcher {

namespace {

using docker::Patience;
using image::ManifestDigest;

// user_config's image reference is not written to the public log; its setting's name is.
constexpr auto image_name = "<configured image>";

bool has_repo_digest(std::vector<std::string> const& repo_digests, std::string const& digest)
{
    return std::ranges::any_of(repo_digests, [&](auto const& entry) { return entry.ends_with("@" + digest); });
}

Result<ObtainedImage> checked(docker::ImageDetails details, Match match)
{
    if (details.os != "linux" || details.architecture != "amd64") {
        return Error(ErrorKind::Mismatch,
            fmt::format("the image is for {}/{}, not for linux/amd64", printable(details.os, 20),
                printable(details.architecture, 20)))
            .exit_as(ExitCode::Image)
            .remedy("approve the digest of an image for linux/amd64, or of an index that has one");
    }
    return ObtainedImage { std::move(details), match };
}

/// Retries with growing, jittered delays, or when the registry says; stops when another try cannot help.
class Retry {
public:
    Retry(ImageRequest const& request, std::string what)
        : m_request(request), m_what(std::move(what)), m_delay(request.user.pull.interval)
    {
    }

    template <typename Operation>
    auto run(Operation operation) -> decltype(operation(std::declval<Patience&>()))
    {
        for (std::uint32_t attempt = 0;; ++attempt) {
            Patience patience;
            auto result = operation(patience);
            if (result.ok() || result.error().kind() == ErrorKind::Interrupted || !patience.worth_a_retry
                || attempt == m_request.user.pull.max_retries)
                return result;
            auto const delay = next_delay(patience);
            if (m_request.deadline.remaining() <= delay)
                return Error(std::move(result).error()).in("no time is left for another try");
            m_request.log.warning("pull", fmt::format("{}: {}", m_what, result.error().message()),
                { { "retry_in", fmt::format("{}ms", delay.count()) },
                    { "retries_left", std::to_string(m_request.user.pull.max_retries - attempt) } });
            TRY(m_request.interrupt.sleep(delay));
        }
    }

private:
    /// The registry's own wish, if it has one; else the next of the growing delays, up to a quarter longer at random so
    /// that nodes which failed together do not come back together.
    Duration next_delay(Patience const& patience)
    {
        if (patience.retry_after)
            return std::min<Duration>(*patience.retry_after, std::chrono::hours(1));
        auto const delay = m_delay;
        m_delay = std::min<Duration>(m_delay + m_delay / 2, m_request.user.pull.max_delay);
        return delay + Duration(std::uniform_int_distribution<Duration::rep>(0, delay.count() / 4)(m_random));
    }

    ImageRequest const& m_request;
    std::string m_what;
    Duration m_delay;
    std::minstd_rand m_random { std::random_device {}() };
};

/// Logs progress at most every three seconds, and never the same line twice.
class ProgressLog {
public:
    explicit ProgressLog(Log const& log) : m_log(log) {}

    void operator()(docker::PullProgress const& progress)
    {
        auto const now = std::chrono::steady_clock::now();
        if (now < m_next)
            return;
        m_next = now + std::chrono::seconds(3);
        m_log.info("pull",
            fmt::format("{} of {} layers, {:.1f} of {:.1f} MB", progress.layers_done, progress.layers_total,
                static_cast<double>(progress.bytes_done) / 1e6, static_cast<double>(progress.bytes_total) / 1e6));
    }

private:
    Log const& m_log;
    std::chrono::steady_clock::time_point m_next = std::chrono::steady_clock::now() + std::chrono::seconds(1);
};

using Credentials = std::optional<docker::RegistryCredentials>;

Result<void> pull_once(ImageRequest const& request, ManifestDigest const& digest, Credentials const& credentials,
    Patience& patience)
{
    return request.engine.pull(request.user.image.repository(), digest, credentials,
        { .silence = request.silence, .deadline = request.deadline.remaining() }, ProgressLog(request.log), patience);
}

Result<void> pull(ImageRequest const& request, ManifestDigest const& digest, Credentials const& credentials)
{
    Retry retry(request, fmt::format("pulling {}@{}", image_name, digest.text()));
    return retry.run([&](Patience& patience) { return pull_once(request, digest, credentials, patience); });
}

/// Says so when the approved digest is that of an index. Only for the log, so a registry that does not answer is no
/// matter.
void log_if_index(ImageRequest const& request, ManifestDigest const& digest, Credentials const& credentials)
{
    Patience patience;
    auto const reference = request.user.image.repository() + "@" + digest.text();
    auto const answer = request.engine.distribution(reference, credentials, std::chrono::seconds(10), patience);
    if (answer.ok()
        && (answer->media_type.find("index") != std::string::npos
            || answer->media_type.find("manifest.list") != std::string::npos))
        request.log.info("pull",
            "the digest is that of an index of several platforms; its linux/amd64 image is the one that runs");
}

Error not_approved(std::string message)
{
    return Error(ErrorKind::Mismatch, std::move(message))
        .exit_as(ExitCode::Image)
        .remedy("check the image's name and tags in user_config, and that the approved digest is what was published");
}

/// Pulls what a tag stands for; removes it again unless its ID is the approved one.
Result<std::optional<ObtainedImage>> try_tag(ImageRequest const& request, std::string const& tag,
    Credentials const& credentials)
{
    auto const reference = request.user.image.with_tag(tag);
    Retry retry(request, "asking the registry for a tag");
    auto const manifest = TRY(retry.run([&](Patience& patience) {
        return request.engine.distribution(reference.repository() + ":" + tag, credentials,
            request.user.pull.request_timeout, patience);
    })).digest;
    auto const pulled_name = reference.repository() + "@" + manifest.text();
    auto const had_it_before = request.engine.inspect_image(pulled_name).ok();
    request.log.info("pull", fmt::format("pulling {}@{}", image_name, manifest.text()));
    TRY(pull(request, manifest, credentials));
    if (auto found = TRY(find_locally(request.engine, request.digest)))
        return found;
    request.log.warning("image", "the image behind a tag is not the approved one; removing it",
        { { "manifest_digest", manifest.text() } });
    if (!had_it_before)
        TRY(request.engine.remove_image(pulled_name).exit_as(ExitCode::Image));
    return std::optional<ObtainedImage>();
}

Result<ObtainedImage> through_tags(ImageRequest const& request, Credentials const& credentials)
{
    if (request.engine.info().store == docker::ImageStore::Containerd) {
        return not_approved(
            "no manifest has the approved digest, and this engine's containerd image store does not tell "
            "image IDs")
            .remedy("approve the manifest digest, or use an engine with the classic image store");
    }
    std::size_t unknown = 0;
    for (auto const& tag : request.user.tags) {
        auto tried = try_tag(request, tag, credentials);
        if (!tried.ok() && tried.error().kind() == ErrorKind::NotFound) {
            ++unknown;
            continue;
        }
        if (auto found = TRY(std::move(tried)))
            return std::move(*found);
    }
    if (unknown == request.user.tags.size())
        return Error(ErrorKind::NotFound,
            "the registry has neither a manifest of the approved digest nor the configured tags")
            .exit_as(ExitCode::Pull)
            .remedy("check the image's name and tags in user_config, and the credentials if the registry is private");
    return not_approved(fmt::format("none of the {} configured tags leads to the approved image ID",
        request.user.tags.size()));
}

/// The same request, with one try for everything.
Result<ObtainedImage> through_tags_without_patience(ImageRequest const& request, Credentials const& credentials)
{
    auto user = request.user;
    user.pull.max_retries = 0;
    return through_tags({ request.engine, user, request.digest, request.docker_config, request.silence,
                            request.deadline, request.interrupt, request.log },
        credentials);
}

Result<ObtainedImage> obtain_from_registry(ImageRequest const& request)
{
    auto const credentials = TRY(docker::credentials_for(request.docker_config, request.user.image.registry())
            .remedy("mend the docker config.json, or remove it"));
    ManifestDigest const digest(request.digest.bytes());
    request.log.info("pull", fmt::format("pulling {}@{}", image_name, digest.text()));

    // A registry says that it has no such manifest when the digest is an image ID; but docker-registry 2.8 fails with
    // 500 if it holds that image. So the tags are looked at once before the first retry, and only then is there
    // patience.
    std::optional<Result<ObtainedImage>> tagged;
    Retry retry(request, fmt::format("pulling {}@{}", image_name, digest.text()));
    auto const pulled = retry.run([&](Patience& patience) {
        auto outcome = pull_once(request, digest, credentials, patience);
        if (!outcome.ok() && outcome.error().kind() != ErrorKind::Interrupted && patience.worth_a_retry && !tagged)
            tagged = through_tags_without_patience(request, credentials);
        patience.worth_a_retry = patience.worth_a_retry && !(tagged && tagged->ok());
        return outcome;
    });
    if (tagged && tagged->ok())
        return std::move(*tagged);
    if (pulled.ok()) {
        log_if_index(request, digest, credentials);
        if (auto found = TRY(find_locally(request.engine, request.digest)))
            return std::move(*found);
        return not_approved("the engine reports the pull as done, but has no image of that digest");
    }
    if (pulled.error().kind() == ErrorKind::NotFound) {
        request.log.info("pull", "the registry has no manifest of that digest; looking for an image with that ID");
        return through_tags(request, credentials);
    }
    // What the tags were found to be counts for more than why the digest could not be had.
    if (tagged && tagged->error().exit_code() == ExitCode::Image)
        return std::move(*tagged);
    return Error(pulled.error());
}

}  // namespace

std::string_view text_of(Match match)
{
    switch (match) {
    case Match::ManifestDigest: return "manifest digest";
    case Match::ImageId: return "image ID";
    }
    return "unknown";
}

Result<std::optional<ObtainedImage>> find_locally(docker::Engine& engine, image::ImageDigest const& digest)
{
    auto const text = digest.text();
    for (auto const& summary : TRY(engine.images().exit_as(ExitCode::Engine))) {
        auto const is_manifest = has_repo_digest(summary.repo_digests, text);
        if (!is_manifest && summary.id != text)
            continue;
        auto details = TRY(engine.inspect_image(summary.id).exit_as(ExitCode::Engine));
        if (details.id != summary.id || is_manifest != has_repo_digest(details.repo_digests, text))
            return not_approved("the engine's list of images and its details of one differ");
        // In the containerd store an Id is the digest of a manifest or index, never of a config.
        auto const id_is_config = engine.info().store == docker::ImageStore::Classic;
        return TRY(checked(std::move(details), is_manifest || !id_is_config ? Match::ManifestDigest : Match::ImageId));
    }
    return std::optional<ObtainedImage>();
}

Result<ObtainedImage> obtain(ImageRequest const& request)
{
    if (auto found = TRY(find_locally(request.engine, request.digest))) {
        request.log.info("image", "the engine has the image; no registry is asked");
        return std::move(*found);
    }
    return obtain_from_registry(request)
        .exit_as(ExitCode::Pull)
        .remedy("check that the registry can be reached and holds the image; the launcher can simply be started again");
}

}  // namespace mpc::launcher
