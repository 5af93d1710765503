// Which variables of a KEY=VALUE user_config the node is given.
#pragma once

#include <string_view>
#include <vector>

#include "config/key_value_lines.h"
#include "config/plan.h"

namespace mpc::config {

/// Whether the launcher itself reads the key, so that it never reaches the node.
[[nodiscard]] bool is_launcher_key(std::string_view key);

/// The variables under the allow-list (cases B22-B40): MPC_[A-Z0-9_]{1,64}, RUST_LOG, RUST_BACKTRACE, NEAR_BOOT_NODES.
/// What is not on it, a private key, a value with LD_PRELOAD or control characters or longer than 1024 bytes (16 KiB
/// for NEAR_BOOT_NODES) is dropped with a warning. All values, given and dropped, are marked as sensitive. Sorted by
/// name. Errors: Invalid for MPC_IMAGE_HASH and MPC_LATEST_ALLOWED_HASH_FILE, which are the launcher's to set, for more
/// than 64 variables and for more than 32768 bytes of them.
[[nodiscard]] Result<std::vector<EnvironmentVariable>> read_variables(Settings const& settings, Notes& notes);

}  // namespace mpc::config
