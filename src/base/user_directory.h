// Where a user's files are kept.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace mpc {

/// A base directory of the user's: the variable's value when that is an absolute path, otherwise `in_home` below HOME;
/// nullopt when HOME is not an absolute path either. (XDG Base Directory Specification 0.8.)
///   user_directory("XDG_CACHE_HOME", ".cache")
[[nodiscard]] std::optional<std::filesystem::path> user_directory(char const* variable, std::string_view in_home);

}  // namespace mpc
