// The commands that deploy and watch VMs, for arguments.cpp alone.
#pragma once

#include "mpcctl/arguments.h"

namespace CLI {
class App;
}

namespace mpc::ctl {

/// Where the options of these commands end up.
struct DeployCommands {
    PlanOptions plan {};
    DeployOptions deploy {};
    UpgradeOptions upgrade {};
    ListOptions list {};
    StatusOptions status {};
    LogsOptions logs {};
    StartOptions start {};
    StopOptions stop {};
    RemoveOptions remove {};
    DoctorOptions doctor {};
};

/// Adds the commands; the one that is given goes into `chosen`. Everything must outlive the parsing.
void add_deploy_commands(CLI::App& app, DeployCommands& commands, std::optional<Command>& chosen);

}  // namespace mpc::ctl
