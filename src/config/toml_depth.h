// A bound that the TOML library lacks.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace mpc::config {

/// The most parts a key or a table's name may have: a.b.c has three.
inline constexpr std::size_t most_key_parts = 32;

/// Refuses a key of more than `most_key_parts` parts. Each part is a table in a table, and the library writes and frees
/// tables by recursion: one line of a million dots would overflow the stack. It bounds nested values by itself.
/// Only complete for text that is TOML up to the key in question, which is how far the library reads.
/// Errors: Invalid, with the line.
[[nodiscard]] Result<void> check_key_parts(std::string_view content);

}  // namespace mpc::config
