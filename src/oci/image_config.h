// The two JSON texts of an image, canonical.
#pragma once

#include "oci/build.h"

namespace mpc::oci {

/// Its config. `diff_id` is the new layer's. Errors: Invalid (a base whose config is malformed; a time out of range).
[[nodiscard]] Result<std::string> config_text(BuildRequest const& request, Sha256 const& diff_id);

/// Its manifest, with how it was compressed as an annotation.
[[nodiscard]] std::string manifest_text(std::string_view config, std::vector<LayerFigures> const& layers,
    std::vector<std::string> const& media_types, Compression compression);

}  // namespace mpc::oci
