// Keeps user_config out of foreign text: engines and registries repeat what they were asked.
#pragma once

#include <span>

#include "base/secret.h"
#include "docker/engine.h"

namespace mpc::launcher {

/// Replaces whatever is a part of any of the values by "[user_config]". What was put in is not looked at again, and of
/// values that overlap nothing is left.
[[nodiscard]] docker::Scrubber scrubber_of(std::span<Secret const> values);

}  // namespace mpc::launcher
