// mpcctl plan: what a deployment would change, and whether the disk survives.
#pragma once

#include "mpcctl/deployment_input.h"

namespace mpc::ctl {

struct PlanOptions {
    VmmOptions vmm {};
    DeploymentInput deployment {};
    bool json = false;
};

/// What would be done, field by field, and what becomes of the disk; ends with a newline.
[[nodiscard]] std::string as_table(vmm::Plan const& plan);
/// {"action","vm_id","changes":[{"field","before","after"}],"disk","disk_reasons","compose_hash","app_id",
/// "launcher_compose_hash","rtmr3","problems","warnings"}
[[nodiscard]] json::Object plan_json(vmm::Plan const& plan);

/// Prints the plan on standard output. Input when it has problems, NothingToDo when there is nothing to do. Errors:
/// those of read_deployment(), client_of() and vmm::make_plan(); the VMM's with the exit code OtherSide.
[[nodiscard]] Result<ExitCode> run(PlanOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
