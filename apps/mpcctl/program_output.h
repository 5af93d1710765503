// What another program says.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/interrupt.h"

namespace mpc::ctl {

/// Runs a program without a shell, with no input, and returns what it writes to standard output: at most 64 KiB. It is
/// killed at the deadline. Errors: NotFound, Io, Timeout, Interrupted, Invalid (more output), Refused (it failed).
[[nodiscard]] Result<std::string> output_of(std::filesystem::path const& program, std::vector<std::string> arguments,
    Duration deadline, Interrupt const& interrupt);

}  // namespace mpc::ctl
