// Files that commands write for the operator to keep.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace mpc::ctl {

/// Writes the file as write_file_atomically() does, at a path that may be relative. Errors: Invalid (something else
/// than a file is there already, such as a link, which may be /dev/stdout; "-", with the exit code Usage), Io.
[[nodiscard]] Result<void> write_output(std::filesystem::path const& path, std::string_view content);

/// As write_output(), for bytes that will be measured. Other bytes that it replaces may have been measured as well:
/// their SHA-256 is told on standard error.
[[nodiscard]] Result<void> write_measured_output(std::filesystem::path const& path, std::string_view content);

}  // namespace mpc::ctl
