// The TOML form of user_config (2026).
#pragma once

#include <string_view>

#include "config/plan.h"

namespace mpc::config {

/// Reads [launcher_config] and [mpc_node_config]; nothing else is allowed beside them. `content` is UTF-8 without NUL.
/// Errors: Invalid, with keys and line numbers, never values.
[[nodiscard]] Result<UserConfig> read_toml(std::string_view content, Platform platform);

}  // namespace mpc::config
