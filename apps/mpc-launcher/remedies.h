// What to do about a refusal, when its cause did not say so itself.
#pragma once

#include <string_view>

#include "base/exit_code.h"

namespace mpc::launcher {

/// One sentence for each code but Done.
[[nodiscard]] std::string_view usual_remedy(ExitCode code);

}  // namespace mpc::launcher
