// Getting the approved image: from the engine's store, or pulled by digest; and making sure that it is that image.
#pragma once

#include "docker/engine.h"
#include "plan.h"

namespace mpc::launcher {

/// Which meaning of the approved digest the image has.
enum class Match { ManifestDigest, ImageId };

[[nodiscard]] std::string_view text_of(Match match);

struct ObtainedImage {
    docker::ImageDetails details;
    Match match;
};

/// What obtaining an image needs.
struct ImageRequest {
    docker::Engine& engine;
    config::UserConfig const& user;
    image::ImageDigest const& digest;
    std::filesystem::path const& docker_config;
    Duration silence;
    Deadline deadline;  ///< for everything: questions, pulls, waits between retries
    Interrupt const& interrupt;
    Log const& log;
};

/// The image if the engine has it, without asking any registry. Errors: as Image when it is for another platform.
[[nodiscard]] Result<std::optional<ObtainedImage>> find_locally(docker::Engine& engine,
    image::ImageDigest const& digest);

/// The image from the store, else pulled: as a manifest digest, and if the registry has no such manifest, as an image
/// ID through the manifest digests of the configured tags. Whatever was pulled and is not the approved image is
/// removed. Errors: as Pull (not obtained), Image (not what was approved) or Engine.
[[nodiscard]] Result<ObtainedImage> obtain(ImageRequest const& request);

}  // namespace mpc::launcher
