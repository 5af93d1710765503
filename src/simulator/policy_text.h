// Policies as files, for whoever is to believe the simulation.
#pragma once

#include "attestation/policy.h"

namespace mpc::simulator {

/// The TOML that `mpcctl verify --policy` reads. `remark` stands at its top, as a comment, line by line; a simulated
/// root is looked for beside the file, in root.pem.
[[nodiscard]] std::string policy_text(attestation::Policy const& policy, std::string_view remark);

}  // namespace mpc::simulator
