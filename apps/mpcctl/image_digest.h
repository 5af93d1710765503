// mpcctl image digest: what an image's digests are, computed from its bytes, and which of them goes where.
#pragma once

#include <optional>
#include <string>

#include "base/interrupt.h"
#include "mpcctl/exit_code.h"
#include "mpcctl/image_place.h"
#include "oci/inventory.h"

namespace mpc::ctl {

struct ImageDigestOptions {
    std::string image;  ///< an image place
    ImageAccess access {};
    std::optional<std::string> file {};  ///< a path in the image
    bool json = false;
};

/// A file of the image, by a path that may begin with '/'. Links are not followed. Errors: NotFound; Invalid (not a
/// file; a link's target is named).
[[nodiscard]] Result<oci::FileInventory> file_in(oci::Inventory const& inventory, std::string_view path);

/// Prints the digests. Errors: what open_image() and take_inventory() refuse.
[[nodiscard]] Result<ExitCode> run(ImageDigestOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
