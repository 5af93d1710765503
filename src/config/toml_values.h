// TOML, read into the values that the rest of the program knows: who reads a file's schema sees no TOML library.
#pragma once

#include "json/json.h"

namespace mpc::config {

/// A TOML 1.0 document as an object: tables, lists, text, whole numbers, booleans. Dates and times are refused, as no
/// file of ours has any. At most 1 MiB, 32 levels, 32 parts in a key.
/// Errors: Invalid, with line and column, never with the text.
[[nodiscard]] Result<json::Object> read_toml_values(std::string_view content);

}  // namespace mpc::config
