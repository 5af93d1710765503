// mpcctl upgrade: another image for a node, or for a fleet of them, gated by health, or back to the one it had.
#pragma once

#include "mpcctl/approved.h"
#include "mpcctl/fetch_check.h"
#include "mpcctl/node_health.h"
#include "mpcctl/vmm_access.h"

namespace mpc::ctl {

struct UpgradeOptions {
    VmmOptions vmm {};                     ///< its choice's context is not used
    std::vector<std::string> contexts {};  ///< at most one without `all`
    std::string vm {};                     ///< id or name; "" with `all`
    bool all = false;                      ///< every VM of those hosts that runs a node
    std::optional<std::string> to {};      ///< image digest; absent: the newest that the contract allows
    ApprovedOptions approved {};           ///< no contract named: the launcher alone decides
    FetchOptions fetch {};
    std::optional<std::filesystem::path> user_config {};  ///< the whole new text; absent: the old one with an override
    HealthOptions health {};                              ///< with `all`: its places have {name}, {id} or {context}
    std::optional<std::filesystem::path> state {};        ///< default: ~/.local/state/mpcctl/upgrades
    int stop_seconds = 300;
    int health_seconds = 900;
    bool force_stop = false;  ///< cut the power of a guest that has not ended after stop_seconds
    bool take_over = false;   ///< although another upgrade has claimed the VM
    bool back = false;        ///< an upgrade that is under way is not finished, but taken back
    bool unseen = false;      ///< although nothing would tell that the node does not get well
    bool yes = false;
    bool json = false;
};

/// Goes on with an upgrade of this VM that was cut off, or begins one: chooses the digest, asks the registry for it,
/// shows what will happen, asks, and does it. Done when the node runs with the digest; RolledBack when it did not get
/// well and the old user_config is back; NothingToDo when it runs with it already. What failed is kept beside the
/// state. A fleet (`all`): see upgrade_fleet(). Errors: Invalid (options, user_config, not confirmed), what VMM and
/// contract did, as from_other_side(); Mismatch (the digest is not allowed by the contract); those of
/// check_fetchable(), before anything is stopped.
[[nodiscard]] Result<ExitCode> run(UpgradeOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
