// Choosing a node's image digest in the text of a user_config, and changing nothing else.
#pragma once

#include <string_view>

#include "base/secret.h"
#include "image/digest.h"

namespace mpc::vmm {

/// The user_config, of either form, with its override (mpc_hash_override; MPC_HASH_OVERRIDE) set to the digest: the
/// line that has it is replaced, or one is added. The outcome is read with the launcher's own parser and held against
/// the original, field by field. Errors: Invalid (a user_config that the launcher refuses, or one that is written so
/// that a line cannot be replaced), never with a value of it.
[[nodiscard]] Result<Secret> with_override(std::string_view user_config, image::ImageDigest const& digest);

}  // namespace mpc::vmm
