// mpcctl deploy: makes or changes a VM so that it is as its deployment says, and follows it until its node runs.
#pragma once

#include "mpcctl/deployment_input.h"
#include "mpcctl/node_health.h"

namespace mpc::ctl {

struct DeployOptions {
    VmmOptions vmm {};
    DeploymentInput deployment {};
    bool accept_data_loss = false;
    bool yes = false;
    int wait_seconds = 900;  ///< until the node runs and, where evidence is named, attests
    HealthOptions health {};
    std::filesystem::path record = ".";  ///< where app-compose and compose are kept: verification needs them
    bool json = false;
};

/// Does what the plan says: creates the VM, or shuts it down, changes and starts it. Done when the node runs
/// and, where evidence is named, is trusted with this app-compose; RolledBack when the VM is as asked and its node is
/// not well, NothingToDo when it is as asked already. Errors: those
/// of `plan`; Invalid for a plan with problems, for a disk that would be lost without `accept_data_loss`, for a change
/// of what is there that nobody has confirmed; Mismatch when the VMM made something else; each names the VM that there
/// is.
[[nodiscard]] Result<ExitCode> run(DeployOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
