// mpcctl upgrade: another image for a node, gated by its health, or back to the one it had.
#pragma once

#include "mpcctl/approved.h"
#include "mpcctl/node_health.h"
#include "mpcctl/vmm_access.h"
#include "vmm/upgrade.h"

namespace mpc::ctl {

struct UpgradeOptions {
    VmmOptions vmm {};
    std::string vm;                                       ///< id or name
    std::optional<std::string> to {};                     ///< image digest; absent: the newest that the contract allows
    ApprovedOptions approved {};                          ///< no contract named: the launcher alone decides
    std::optional<std::filesystem::path> user_config {};  ///< the whole new text; absent: the old one with an override
    HealthOptions health {};
    std::optional<std::filesystem::path> state {};  ///< default: ~/.local/state/mpcctl/upgrades
    int stop_seconds = 300;
    int health_seconds = 900;
    bool yes = false;
    bool json = false;
};

/// Goes on with an upgrade of this VM that was cut off, or begins one: chooses the digest, shows what will happen,
/// asks, and does it. Done when the node runs with the digest; RolledBack when it did not get well and the old
/// user_config is back; NothingToDo when it runs with it already. What failed is kept beside the state. Errors: Invalid
/// (options, user_config, not confirmed), what VMM and contract did, as from_other_side(); Mismatch (the digest is not
/// allowed by the contract).
[[nodiscard]] Result<ExitCode> run(UpgradeOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
