// The command line, as values.
#pragma once

#include <optional>
#include <variant>

#include "mpcctl/agent_log.h"
#include "mpcctl/app_compose.h"
#include "mpcctl/approve.h"
#include "mpcctl/approved.h"
#include "mpcctl/compose_render.h"
#include "mpcctl/deploy.h"
#include "mpcctl/doctor.h"
#include "mpcctl/image_build.h"
#include "mpcctl/image_compare.h"
#include "mpcctl/image_digest.h"
#include "mpcctl/plan.h"
#include "mpcctl/predict.h"
#include "mpcctl/sim_agent.h"
#include "mpcctl/sim_cvm.h"
#include "mpcctl/sim_evidence.h"
#include "mpcctl/sim_vmm.h"
#include "mpcctl/upgrade.h"
#include "mpcctl/verify.h"
#include "mpcctl/vm_control.h"
#include "mpcctl/vm_list.h"
#include "mpcctl/vm_logs.h"
#include "mpcctl/vm_status.h"

namespace mpc::ctl {

/// What to do: one alternative for each command.
using Command = std::variant<VerifyOptions, PredictOptions, AgentLogOptions, SimAgentOptions, SimEvidenceOptions,
    SimCvmOptions, SimVmmOptions, ComposeRenderOptions, AppComposeOptions, ApprovedOptions, ApproveOptions, PlanOptions,
    DeployOptions, UpgradeOptions, ListOptions, StatusOptions, LogsOptions, StartOptions, StopOptions, RemoveOptions,
    DoctorOptions, ImageBuildOptions, ImageDigestOptions, ImageCompareOptions>;

/// nullopt when help or the version was asked for, and has been printed. Errors: Invalid, with the exit code Usage.
[[nodiscard]] Result<std::optional<Command>> parse_arguments(int count, char const* const* values);

}  // namespace mpc::ctl
