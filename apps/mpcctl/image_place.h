// Where an image is or goes: a layout, an archive, a registry, the engine's store.
#pragma once

#include <variant>

#include "base/interrupt.h"
#include "image/reference.h"
#include "oci/stored_image.h"

namespace mpc::ctl {

/// "registry:NAME[:TAG][@sha256:...]"; a digest wins over a tag.
struct RegistryPlace {
    image::Reference name;
    std::optional<image::ManifestDigest> digest {};
};

/// "engine:NAME[:TAG]", "engine:NAME@sha256:...", or by its image ID, "engine:sha256:...".
struct EnginePlace {
    std::string reference;
};

using ImagePlace = std::variant<oci::Place, RegistryPlace, EnginePlace>;

/// Errors: Invalid (exit code Usage).
[[nodiscard]] Result<ImagePlace> parse_image_place(std::string_view text);

/// How registries and the engine are spoken to.
struct ImageAccess {
    std::optional<std::filesystem::path> docker_config {};  ///< with a registry's credentials; without, anonymous
    std::optional<std::filesystem::path> registry_ca {};    ///< believed for registries, instead of the system's
    bool plain_http = false;                                ///< registries on other machines without TLS
    std::filesystem::path engine = "/var/run/docker.sock";
};

/// The image, whose manifest and config are what their digests say. What is not on disk comes into temporary files
/// without a name, and of a registry each layer is checked as it comes. The layers can be read until the interrupt,
/// which must outlive them, is raised. Errors, with the path or name: those of oci::open_image(); NotFound (there is no
/// such image there); from_other_side() for what a registry or the engine does wrong.
[[nodiscard]] Result<oci::StoredImage> open_image(ImagePlace const& place, ImageAccess const& access,
    Interrupt const& interrupt);

/// The same by the text of its place, with which every error begins.
[[nodiscard]] Result<oci::StoredImage> open_named_image(std::string const& text, ImageAccess const& access,
    Interrupt const& interrupt);

/// Puts an image with a manifest into a registry: layers that it has not, the config, and at last the manifest under
/// its digest, and under the place's tag where it has one. Errors: from_other_side(), Io.
[[nodiscard]] Result<void> push_image(oci::StoredImage const& image, RegistryPlace const& place,
    ImageAccess const& access, Interrupt const& interrupt);

}  // namespace mpc::ctl
