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

/// The file that a container sees at a path, which may begin with '/'; its own path is in its entry. Symbolic links are
/// followed within the image. Errors: NotFound; Invalid (not a file, too many links).
[[nodiscard]] Result<oci::FileInventory> file_in(oci::Inventory const& inventory, std::string_view path);

/// Prints the digests. Errors: what open_image() and take_inventory() refuse.
[[nodiscard]] Result<ExitCode> run(ImageDigestOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
