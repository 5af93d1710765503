// What an image is, computed from its bytes: digests of its layers, and the files that they make together.
#pragma once

#include <map>

#include "oci/compression.h"
#include "oci/stored_image.h"
#include "oci/tar.h"

namespace mpc::oci {

struct LayerInventory {
    LayerDigest digest;
    DiffId diff_id;
    std::uint64_t size = 0;
    std::uint64_t tar_size = 0;
    Compression compression = Compression::None;
};

struct FileInventory {
    TarEntry entry;
    Sha256 content {};      ///< of a file, or of the file that a hard link leads to
    std::size_t layer = 0;  ///< which one it is from
};

struct Inventory {
    std::optional<image::ManifestDigest> manifest {};
    std::optional<image::ManifestDigest> index {};
    image::ImageId id;
    json::Object config {};
    std::vector<LayerInventory> layers {};
    /// The files that a container sees, with whiteouts applied (image-spec, layer.md), by path.
    std::map<std::string, FileInventory> files {};
};

/// Reads every layer once, from beginning to end. Errors: Mismatch (a blob or an archive is not what its digest says);
/// Invalid (a layer has a file twice, one below a link or a file, a hard link to nothing, a device; what TarReader
/// refuses); Io. The layer and the entry are named.
[[nodiscard]] Result<Inventory> take_inventory(StoredImage const& image, TarLimits limits = {});

}  // namespace mpc::oci
