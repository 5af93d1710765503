// The two JSON texts of an image, canonical.
#pragma once

#include "oci/build.h"

namespace mpc::oci {

/// Its config. `diff_id` is the new layer's. Errors: Invalid (a time out of range).
[[nodiscard]] Result<std::string> config_text(BuildRequest const& request, Sha256 const& diff_id);

/// Its manifest, with OCI's media types whoever made the layers, and with how it was compressed as an annotation.
[[nodiscard]] std::string manifest_text(std::string_view config, std::vector<LayerFigures> const& layers,
    Compression compression);

}  // namespace mpc::oci
