// Whether the registry that a user_config names has the image, asked as the launcher will ask for it.
#pragma once

#include "base/interrupt.h"
#include "config/plan.h"
#include "mpcctl/exit_code.h"
#include "net/registry.h"

namespace mpc::ctl {

struct FetchOptions {
    bool skip = false;
    std::optional<std::filesystem::path> docker_config {};  ///< with the registry's credentials; without, anonymous
    std::optional<std::filesystem::path> registry_ca {};    ///< believed for the registry, instead of the system's
};

/// What a registry has of an image.
struct FetchableImage {
    std::string as {};  ///< "manifest digest", or "image ID behind the tag ..."
    std::size_t layers = 0;
    std::uint64_t bytes = 0;  ///< of the layers, as they are transferred
};

/// Asks for the manifest of that digest, and where there is none follows the tags to the image of that ID, as the
/// launcher does (apps/mpc-launcher/image_source.h); then whether every blob of the image for linux/amd64 is there.
/// Errors: NotFound (the registry does not have it, or not all of it); Mismatch (the tags lead to other images, bytes
/// are not what their digest says, another platform); Invalid (no manifest of an image); those of net::Registry.
[[nodiscard]] Result<FetchableImage> find_in_registry(net::Registry& registry, std::vector<std::string> const& tags,
    image::ImageDigest const& digest);

/// find_in_registry() for the image of a user_config. Errors: those, as from_other_side() but for NotFound and
/// Mismatch, with a remedy; Invalid and Io (the options).
[[nodiscard]] Result<FetchableImage> check_fetchable(config::UserConfig const& user, image::ImageDigest const& digest,
    FetchOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
