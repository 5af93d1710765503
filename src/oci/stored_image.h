// Images as they are stored: an OCI layout (directory or archive) or an archive of `docker save`.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "oci/image_json.h"
#include "oci/stream.h"

namespace mpc::oci {

/// Where an image is: "oci:DIR", "oci-archive:FILE", "docker-archive:FILE", the first two with "@sha256:..." of the
/// manifest (or of an index) where there are several.
struct Place {
    enum class Form { Layout, LayoutArchive, DockerArchive };
    Form form {};
    std::filesystem::path path {};
    std::optional<image::ManifestDigest> digest {};

    /// Errors: Invalid (exit code Usage).
    static Result<Place> parse(std::string_view text);
};

struct StoredLayer {
    std::string media_type {};             ///< "" in an archive of `docker save`
    std::optional<LayerDigest> digest {};  ///< as the manifest has it; not checked yet
    DiffId diff_id;                        ///< as the config has it; not checked yet
    FileRange blob;
};

/// An image whose manifest and config are what their digests say; its layers are not read yet.
struct StoredImage {
    std::optional<std::string> manifest {};  ///< its bytes; absent in an archive of `docker save`
    std::optional<image::ManifestDigest>
        index {};           ///< of the index that it was chosen from, which registries serve as well
    std::string config {};  ///< its bytes
    std::vector<StoredLayer> layers {};

    [[nodiscard]] std::optional<image::ManifestDigest> manifest_digest() const;
    [[nodiscard]] image::ImageId id() const { return image::ImageId(sha256({ as_bytes(config) })); }
};

/// What to do about an image that cannot be read.
inline constexpr char const* damaged_remedy =
    "check the path and the form; an image that is damaged or not what it claims to be must be got again";

/// Of several in an index, the one for linux/amd64. Errors: Invalid (malformed, several to choose from), Mismatch (a
/// blob is not what its digest or size says), NotFound, Io; the caller names the place.
[[nodiscard]] Result<StoredImage> open_image(Place const& place);

/// An archive of `docker save`, wherever it lies. Errors: as above.
[[nodiscard]] Result<StoredImage> open_docker_archive(FileRange const& archive);

/// Where blobs come from. What is returned need not be right: it is checked.
using Blobs = std::function<Result<FileRange>(Descriptor const&)>;
/// The image that `top` describes, or of an index the one for linux/amd64. Every blob is asked for once, those of
/// layers last. Errors: as above, and those of `blobs`.
[[nodiscard]] Result<StoredImage> open_image(Descriptor const& top, Blobs const& blobs);

}  // namespace mpc::oci
