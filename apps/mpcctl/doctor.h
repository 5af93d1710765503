// mpcctl doctor: what this machine lacks, each with its remedy.
#pragma once

#include "mpcctl/approved.h"
#include "mpcctl/deployment_input.h"
#include "mpcctl/doctor_host.h"
#include "mpcctl/vmm_access.h"

namespace mpc::ctl {

struct DoctorOptions {
    VmmOptions vmm {};
    DeploymentInput deployment {};
    std::vector<std::string> pccs {};  ///< none: the default services
    ApprovedOptions approved {};       ///< no contract named: none is asked
    bool offline = false;              ///< ask nobody on the network but the VMMs
    bool host = false;                 ///< this machine is, or shall be, the VMM's host
    HostOptions host_options {};
    bool json = false;
};

/// Examines this machine as an operator's and, if asked, as a host of CVMs, with everything it has to reach. Done when
/// there is no problem, NotTrusted when there is one; warnings count for nothing. Errors: Invalid (options,
/// deployment), Interrupted.
[[nodiscard]] Result<ExitCode> run(DoctorOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
