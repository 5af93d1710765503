#include "mpcctl/fetch_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "mpcctl/registry_login.h"
#include "oci/image_json.h"

namespace mpc::ctl {

namespace {

constexpr std::uint64_t most_config_bytes = std::uint64_t { 4 } << 20;

/// The manifest itself, or of an index the one for linux/amd64: the first, which is the one that an engine takes.
Result<oci::ManifestContent> resolved(net::Registry& registry, net::ServedManifest served)
{
    if (TRY(oci::is_index(served.bytes).in("manifest"))) {
        auto const images = TRY(oci::parse_index(served.bytes).in("index"));
        auto const ours = std::ranges::find_if(images, &oci::Descriptor::is_ours);
        if (ours == images.end())
            return Error(ErrorKind::Mismatch, "the index has no image for linux/amd64");
        served = TRY(registry.manifest(image::ManifestDigest(ours->digest.bytes())).in("index"));
        if (TRY(oci::is_index(served.bytes).in("manifest")))
            return Error(ErrorKind::Invalid, "the index leads to another index");
    }
    return oci::parse_manifest(served.bytes).in("manifest");
}

Result<void> check_platform(net::Registry& registry, oci::Descriptor const& config)
{
    if (config.size > most_config_bytes)
        return Error(ErrorKind::Invalid, "the image's config has more than 4 MiB");
    std::string bytes;
    http::OnPiece const take = [&bytes](std::string_view piece) -> Result<void> {
        bytes += piece;
        return ok;
    };
    TRY(registry.blob(config.digest, config.size, take));
    auto const object = TRY(json::read_object(bytes).in("config"));
    auto const os = TRY(object.require_text("os").in("config"));
    auto const architecture = TRY(object.require_text("architecture").in("config"));
    if (os == "linux" && architecture == "amd64")
        return ok;
    return Error(ErrorKind::Mismatch,
        fmt::format("the image is for {}/{}, not for linux/amd64", printable(os, 20), printable(architecture, 20)));
}

/// Whether all that the engine will ask for is there.
Result<FetchableImage> complete(net::Registry& registry, oci::ManifestContent const& manifest, std::string as)
{
    TRY(check_platform(registry, manifest.config));
    FetchableImage found { .as = std::move(as), .layers = manifest.layers.size() };
    std::vector<image::BlobDigest> seen;
    for (auto const& layer : manifest.layers) {
        if (std::ranges::find(seen, layer.digest) != seen.end())
            continue;
        if (!TRY(registry.has_blob(layer.digest)))
            return Error(ErrorKind::NotFound,
                fmt::format("the registry has the image's manifest, but not its layer {}", layer.digest.text()));
        seen.push_back(layer.digest);
        found.bytes += layer.size;
    }
    return found;
}

/// The launcher takes the first tag that leads to the image, and minds no tag that does not exist. nullopt when none
/// does.
Result<std::optional<FetchableImage>> through_tags(net::Registry& registry, std::vector<std::string> const& tags,
    image::ImageDigest const& digest)
{
    bool is_any = false;
    for (auto const& tag : tags) {
        auto served = registry.tagged(tag);
        if (!served.ok() && served.error().kind() == ErrorKind::NotFound)
            continue;
        is_any = true;
        auto const manifest = TRY(resolved(registry, TRY(std::move(served))).in("the tag " + tag));
        if (manifest.config.digest.bytes() == digest.bytes())
            return TRY(complete(registry, manifest, "image ID behind the tag " + tag));
    }
    if (!is_any)
        return std::optional<FetchableImage>();
    return Error(ErrorKind::Mismatch,
        "the registry has no manifest " + digest.text()
            + ", and none of the tags of the user_config leads to an image with that ID");
}

/// Whether the registry has said what it has; another registry would say nothing else.
bool is_verdict(Error const& error)
{
    return error.kind() == ErrorKind::NotFound || error.kind() == ErrorKind::Mismatch;
}

Error explained(Error const& error, std::string const& image)
{
    auto const remedy = is_verdict(error) ? "check the digest, and image and tags in the user_config"
        : error.remedy().empty()          ? "try again later"
                                          : error.remedy();
    auto const kind = is_verdict(error) || error.kind() == ErrorKind::Interrupted ? error.kind() : ErrorKind::Refused;
    return Error(kind, "the image cannot be fetched from " + image + ": " + error.message())
        .remedy(remedy + (remedy.ends_with('.') ? " Or" : "; or")
            + " give --no-fetch-check, where only the VM can reach the registry or has the image already");
}

}  // namespace

Result<FetchableImage> find_in_registry(net::Registry& registry, std::vector<std::string> const& tags,
    image::ImageDigest const& digest)
{
    auto served = registry.manifest(image::ManifestDigest(digest.bytes()));
    if (served.ok())
        return complete(registry, TRY(resolved(registry, *std::move(served))), "manifest digest");
    // docker-registry 2.8 answers 500 where the digest is that of a config; so any no is a reason to look at the tags.
    auto const kind = served.error().kind();
    if (kind != ErrorKind::NotFound && kind != ErrorKind::Refused)
        return std::move(served).error();
    auto tagged = through_tags(registry, tags, digest);
    if (tagged.ok() && *tagged)
        return **std::move(tagged);
    // What the tags are counts for more than why the digest could not be had.
    if (!tagged.ok() && (kind == ErrorKind::NotFound || is_verdict(tagged.error())))
        return std::move(tagged).error();
    if (kind == ErrorKind::Refused)
        return std::move(served).error();
    return Error(ErrorKind::NotFound,
        "the registry has neither a manifest " + digest.text() + " nor the tags of the user_config");
}

Result<FetchableImage> check_fetchable(config::UserConfig const& user, image::ImageDigest const& digest,
    FetchOptions const& options, Interrupt const& interrupt)
{
    net::RegistrySettings settings;
    settings.login = TRY(registry_login(options.docker_config, user.image.registry()));
    if (options.registry_ca)
        settings.tls = net::CaFile { *options.registry_ca };
    auto registry = TRY(net::Registry::of(user.image, std::move(settings), interrupt));
    auto found = find_in_registry(registry, user.tags, digest);
    if (!found.ok())
        return explained(found.error(), user.image.repository());
    return found;
}

}  // namespace mpc::ctl
