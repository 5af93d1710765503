// From a tree to an image: config and manifest as canonical JSON, and the forms in which an image is handed on.
#pragma once

#include <map>
#include <set>

#include "image/reference.h"
#include "oci/base_image.h"
#include "oci/tree.h"

namespace mpc::oci {

/// What a container of the image is started with; what is absent is the base's, or nothing.
struct ContainerDefaults {
    std::optional<std::vector<std::string>> entrypoint {};  ///< drops the base's command, too, as in a Dockerfile
    std::optional<std::vector<std::string>> command {};
    std::vector<std::string> env {};  ///< NAME=VALUE; a name that the base has is replaced
    std::map<std::string, std::string> labels {};
    std::optional<std::string> workdir {};
    std::optional<std::string> user {};
    std::set<std::string> ports {};  ///< PORT/PROTOCOL
};

struct BuildRequest {
    Tree tree;  ///< complete
    LayerOptions layer {};
    ContainerDefaults defaults {};
    std::optional<BaseImage> base {};         ///< its layers are taken byte for byte
    std::optional<image::Reference> name {};  ///< what `docker load` will call it: with a tag
};

struct BuiltImage {
    image::ManifestDigest manifest;
    image::ImageId id;
    std::vector<LayerFigures> layers;  ///< with those of the base
};

enum class ImageForm { Layout, LayoutArchive, DockerArchive };

/// Builds the image and puts it at `path`, as a whole or not at all: a layout directory, which must not be there or be
/// empty, or an archive, which replaces one. An archive for `docker load` is also an OCI archive (as those of Docker 25
/// are). Where TMPDIR is does not matter: everything is made beside `path`, and gone from there after an error.
/// Errors: Io; Mismatch for a base that changed since it was read; Invalid, also for what does not fit onto the base;
/// Interrupted.
[[nodiscard]] Result<BuiltImage> build_image(BuildRequest request, ImageForm form, std::filesystem::path const& path,
    Interrupt const& interrupt);

}  // namespace mpc::oci
