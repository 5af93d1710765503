// mpcctl upgrade --all: the nodes of several hosts, one at a time.
#pragma once

#include "mpcctl/upgrade.h"

namespace mpc::ctl {

/// Upgrades the nodes of the contexts (or of the one VMM that is meant without): every VM that runs and whose compose
/// starts a launcher, and every one whose upgrade was cut off here; hosts in the order in which they were named, VMs by
/// name. What is to be done is looked at for all and confirmed once, before the first is touched. Stops at the first
/// that cannot be upgraded. Says of each which of upgraded, already, rolled_back, failed and not_begun it is; run
/// again, it goes on with the rest.
///
/// Done when all have the digest now; NothingToDo when all had it; RolledBack. Errors: NotFound (there is no node);
/// those of one upgrade, after the outcome was told.
[[nodiscard]] Result<ExitCode> upgrade_fleet(UpgradeOptions const& options, Interrupt const& interrupt);

/// A place of the health options for one VM: {name}, {id} and {context} are replaced. Errors: Invalid where it is the
/// same for every VM, or a name is none that can stand in an address or path.
[[nodiscard]] Result<std::string> place_for(std::string const& pattern, std::string const& context,
    vmm::VmInfo const& vm);

/// Whether a VM's compose starts a launcher: it gives some service the variable DEFAULT_IMAGE_DIGEST.
[[nodiscard]] bool is_node(vmm::VmInfo const& vm);

}  // namespace mpc::ctl
