// The KEY=VALUE form of user_config (2025).
#pragma once

#include <string_view>

#include "config/plan.h"

namespace mpc::config {

/// Reads lines of KEY=VALUE (docs/launcher-cases.md, section B). `content` is UTF-8 without NUL.
/// Errors: Invalid, with keys and line numbers, never values.
[[nodiscard]] Result<UserConfig> read_key_value(std::string_view content);

}  // namespace mpc::config
