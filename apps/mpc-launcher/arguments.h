// The command line of mpc-launcher.
#pragma once

#include <optional>

#include "environment.h"

namespace mpc::launcher {

/// The arguments; nullopt when --help or --version was asked for and answered on standard output.
/// Errors: Invalid as ExitCode::Usage.
[[nodiscard]] Result<std::optional<Arguments>> parse_arguments(int count, char const* const* values);

}  // namespace mpc::launcher
