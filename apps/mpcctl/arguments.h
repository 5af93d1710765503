// The command line, as values.
#pragma once

#include <optional>
#include <variant>

#include "mpcctl/agent_log.h"
#include "mpcctl/app_compose.h"
#include "mpcctl/approve.h"
#include "mpcctl/approved.h"
#include "mpcctl/compose_render.h"
#include "mpcctl/predict.h"
#include "mpcctl/sim_agent.h"
#include "mpcctl/sim_evidence.h"
#include "mpcctl/verify.h"

namespace mpc::ctl {

/// What to do: one alternative for each command.
using Command = std::variant<VerifyOptions, PredictOptions, AgentLogOptions, SimAgentOptions, SimEvidenceOptions,
    ComposeRenderOptions, AppComposeOptions, ApprovedOptions, ApproveOptions>;

/// nullopt when help or the version was asked for, and has been printed. Errors: Invalid, with the exit code Usage.
[[nodiscard]] Result<std::optional<Command>> parse_arguments(int count, char const* const* values);

}  // namespace mpc::ctl
