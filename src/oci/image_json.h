// The JSON of images, read: descriptors, indexes, manifests, configs (OCI image-spec 1.1) and what `docker save` lists.
// Pure functions of foreign text, which is bounded before it gets here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/blob_digest.h"
#include "json/json.h"

namespace mpc::oci {

namespace media {
inline constexpr std::string_view manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view config = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
}  // namespace media

/// Digest of a layer's blob, and of the tar archive that it unpacks to.
using LayerDigest = image::Digest<struct LayerMeaning>;
using DiffId = image::Digest<struct DiffIdMeaning>;
using image::BlobDigest;

inline constexpr std::size_t most_image_json_bytes = std::size_t { 4 } << 20;
inline constexpr std::size_t most_layers = 512;

/// What is said of a blob before it is read.
struct Descriptor {
    std::string media_type;
    BlobDigest digest;
    std::uint64_t size = 0;
    bool is_ours = false;  ///< for linux/amd64

    [[nodiscard]] bool is_index() const { return media_type == media::index || media_type == media::docker_list; }
    [[nodiscard]] bool is_manifest() const
    {
        return media_type == media::manifest || media_type == media::docker_manifest;
    }
};

/// Whether a text is an index of images, and not the manifest of one. Errors: Invalid; also for one that could be read
/// as either, which is meant to be read as both.
[[nodiscard]] Result<bool> is_index(std::string_view text);

/// The images of an index, in its order. Errors: Invalid, with the place.
[[nodiscard]] Result<std::vector<Descriptor>> parse_index(std::string_view text);

/// Of the images in an index the one `wanted`, or else the only one, or else the only one for linux/amd64.
/// Errors: Invalid (malformed, several to choose from), NotFound (not `wanted`).
[[nodiscard]] Result<Descriptor> choose_image(std::string_view index,
    std::optional<image::ManifestDigest> const& wanted = std::nullopt);

struct ManifestContent {
    Descriptor config;
    std::vector<Descriptor> layers {};  ///< at most `most_layers`
};
/// Errors: Invalid, with the place.
[[nodiscard]] Result<ManifestContent> parse_manifest(std::string_view text);

/// The diff ids of a config, at most `most_layers`. Errors: Invalid.
[[nodiscard]] Result<std::vector<DiffId>> parse_diff_ids(std::string_view config);

/// The names in an archive of `docker save` of the one image in it.
struct SavedImage {
    std::string config {};
    std::vector<std::string> layers {};  ///< at most `most_layers`
};
/// Errors: Invalid (malformed, or not one image).
[[nodiscard]] Result<SavedImage> parse_saved_images(std::string_view text);

}  // namespace mpc::oci
