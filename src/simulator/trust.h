// What a verifier must be given to believe a simulated guest agent.
#pragma once

#include "simulator/evidence_files.h"
#include "simulator/guest_agent.h"

namespace mpc::simulator {

/// Accepts this machine, its operating system and its launcher's compose file, under its own root. Allows no image:
/// which one is right, only the caller knows. Errors: Invalid (the app-compose cannot be read).
[[nodiscard]] Result<attestation::Policy> policy_for(GuestAgent const& agent);

/// root.pem, collateral.json (current at that time and for 30 days), policy.toml; and, for predicting what this machine
/// will measure, app_compose.json and key_provider.json. Errors: Internal; Invalid.
[[nodiscard]] Result<std::vector<EvidenceFile>> trust_files(GuestAgent const& agent, crypto::Time now);

}  // namespace mpc::simulator
