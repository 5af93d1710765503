// The digest of a layer's or a config's bytes, whichever it is: what a registry and a layout file them under.
#pragma once

#include "image/digest.h"

namespace mpc::image {

/// Of a blob of whatever meaning.
using BlobDigest = Digest<struct BlobMeaning>;

}  // namespace mpc::image
