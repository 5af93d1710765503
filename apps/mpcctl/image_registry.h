// Images in registries: fetched into temporary files, and pushed.
#pragma once

#include "mpcctl/image_place.h"

namespace mpc::ctl {

/// See open_image(). The place has a tag or a digest.
[[nodiscard]] Result<oci::StoredImage> fetch_image(RegistryPlace const& place, ImageAccess const& access,
    Interrupt const& interrupt);

}  // namespace mpc::ctl
