// mpcctl list: the VMs of a VMM.
#pragma once

#include "mpcctl/vmm_access.h"

namespace mpc::ctl {

struct ListOptions {
    VmmOptions vmm {};
    bool json = false;
};

/// One line for each VM under a heading; ends with a newline.
[[nodiscard]] std::string as_table(std::vector<vmm::VmInfo> const& vms);

/// Prints the VMs on standard output. Errors: those of client_of(); the VMM's with the exit code OtherSide.
[[nodiscard]] Result<ExitCode> run(ListOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
