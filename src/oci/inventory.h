// What an image is, computed from its bytes: digests of its layers, and the files that they make together.
#pragma once

#include <map>

#include "oci/compression.h"
#include "oci/overlay.h"
#include "oci/stored_image.h"

namespace mpc::oci {

struct LayerInventory {
    LayerDigest digest;
    DiffId diff_id;
    std::uint64_t size = 0;
    std::uint64_t tar_size = 0;
    Compression compression = Compression::None;
    std::string forms {};        ///< of the headers, as TarReader::forms() has them
    Sha256 entries_in_order {};  ///< of all that the entries say, however it is written
    Sha256 entries_sorted {};    ///< the same in any order
};

struct Inventory {
    std::optional<image::ManifestDigest> manifest {};
    std::optional<image::ManifestDigest> index {};
    image::ImageId id;
    json::Object config {};
    json::Object manifest_members {};  ///< empty where there is no manifest
    std::vector<LayerInventory> layers {};
    /// What a container sees, with whiteouts applied (image-spec, layer.md).
    Files files {};
};

/// Reads every layer once, from beginning to end. The limits on what is kept are for all layers together. Errors:
/// Mismatch (a blob or an archive is not what its digest says); Invalid (what Overlay and TarReader refuse); Io. The
/// layer and the entry are named.
[[nodiscard]] Result<Inventory> take_inventory(StoredImage const& image, TarLimits limits = {});

}  // namespace mpc::oci
