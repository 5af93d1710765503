// Layers of a few entries, and what an image of them is.
#pragma once

#include <gtest/gtest.h>

#include "oci/inventory.h"
#include "support/temporary_directory.h"

namespace mpc::test {

/// What a layer is made of in a test.
struct Part {
    std::string path;
    oci::TarType type = oci::TarType::File;
    std::string text {};  ///< content, or a link's target
    std::uint32_t mode = 0644;
    std::map<std::string, std::string> xattrs {};
};

inline std::string layer_of(std::vector<Part> const& parts)
{
    oci::BytesSink sink;
    oci::TarWriter writer(sink);
    for (auto const& part : parts) {
        auto const is_file = part.type == oci::TarType::File;
        oci::TarEntry const entry { .path = part.path,
            .type = part.type,
            .mode = part.mode,
            .size = is_file ? part.text.size() : 0,
            .target = is_file ? "" : part.text,
            .xattrs = part.xattrs };
        EXPECT_TRUE(writer.add(entry).ok());
        EXPECT_TRUE(writer.content(as_bytes(is_file ? part.text : "")).ok());
    }
    EXPECT_TRUE(writer.finish().ok());
    return std::string(as_text(sink.bytes()));
}

/// Layers as they are stored, with the digests that they have.
inline Result<oci::Inventory> inventory_of(std::vector<std::vector<Part>> const& layers, oci::TarLimits limits = {})
{
    TemporaryDirectory const directory;
    oci::StoredImage image { .config = R"({"config":{}})" };
    for (auto const& parts : layers) {
        auto const tar = layer_of(parts);
        auto const blob = TRY(oci::FileRange::open(directory.write(std::to_string(image.layers.size()), tar)));
        auto const digest = sha256({ as_bytes(tar) });
        image.layers.push_back({ .digest = oci::LayerDigest(digest), .diff_id = oci::DiffId(digest), .blob = blob });
    }
    return oci::take_inventory(image, limits);
}

}  // namespace mpc::test
