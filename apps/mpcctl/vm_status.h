// mpcctl status: one VM in full.
#pragma once

#include "mpcctl/vmm_access.h"

namespace mpc::ctl {

struct StatusOptions {
    VmmOptions vmm {};
    std::string vm;  ///< id or name
    bool json = false;
};

/// What the VMM says of the VM, with the events of its boot; ends with a newline.
[[nodiscard]] std::string as_table(vmm::VmInfo const& vm);

/// Prints the VM on standard output. Errors: those of client_of() and vm_named().
[[nodiscard]] Result<ExitCode> run(StatusOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
