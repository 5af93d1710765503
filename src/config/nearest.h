// The known name that a mistyped one was probably meant to be.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace mpc::config {

/// A known name, and by how many inserted, removed or changed characters it differs.
struct Nearest {
    std::string_view name;
    std::size_t distance = 0;
};

/// The known name that differs least (Levenshtein distance); the first of several. `known` must not be empty. The time
/// grows with the product of the lengths, so callers pass short names only.
[[nodiscard]] Nearest nearest(std::string_view name, std::span<std::string_view const> known);

}  // namespace mpc::config
