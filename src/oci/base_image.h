// An image to stack a layer on.
#pragma once

#include "oci/inventory.h"

namespace mpc::oci {

/// Read from beginning to end, so that nothing is stacked on what `image digest` would refuse.
struct BaseImage {
    StoredImage image;
    Inventory inventory;  ///< of it

    /// Errors: Invalid (for another platform than linux/amd64; a layer that is kept elsewhere, or of a type that is not
    /// known; as many layers as an image may have); those of take_inventory().
    static Result<BaseImage> read(StoredImage image);
};

}  // namespace mpc::oci
