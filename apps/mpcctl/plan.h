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
/// {"action","vm_id","upgrade_under_way","changes":[{"field","before","after"}],"disk","disk_reasons","compose_hash",
/// "app_id","launcher_compose_hash","image_digest","rtmr3","rtmr3_if":{"image_digest","rtmr3"},"problems","warnings"};
/// what there is not, or cannot be known, is null. "rtmr3" is that of "image_digest"; "rtmr3_if" stands instead where
/// the disk may tell the launcher to run another image than the deployment's.
[[nodiscard]] json::Object plan_json(vmm::Plan const& plan);

/// Prints the plan on standard output. Input when it has problems, OtherSide while an upgrade is under way, NothingToDo
/// when there is nothing to do. Errors: those of read_deployment(), endpoint_of(), vmm::Client::make() and
/// vmm::make_plan(); the VMM's with the exit code OtherSide.
[[nodiscard]] Result<ExitCode> run(PlanOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
