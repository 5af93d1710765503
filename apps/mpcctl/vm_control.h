// mpcctl start, stop, remove: what happens to one VM, and that it has happened.
#pragma once

#include "mpcctl/vmm_access.h"

namespace mpc::ctl {

struct StartOptions {
    VmmOptions vmm {};
    std::string vm;  ///< id or name
    int wait_seconds = 60;
    bool json = false;
};
struct StopOptions {
    VmmOptions vmm {};
    std::string vm;
    bool force = false;  ///< as if the power was cut
    int wait_seconds = 300;
    bool json = false;
};
struct RemoveOptions {
    VmmOptions vmm {};
    std::string vm;
    bool yes = false;
    int wait_seconds = 60;
    bool json = false;
};

/// Starts a VM and waits until the VMM says that it runs (not until its node does). NothingToDo when it runs already.
/// Errors: those of client_of() and vm_named(); Timeout.
[[nodiscard]] Result<ExitCode> run(StartOptions const& options, Interrupt const& interrupt);
/// Asks the guest to end, or ends it, and waits until it has ended. NothingToDo when it is stopped already.
[[nodiscard]] Result<ExitCode> run(StopOptions const& options, Interrupt const& interrupt);
/// Deletes a VM with its disk and waits until it is gone. On a terminal its name must be typed; elsewhere `yes` is
/// needed. Errors: also Invalid (not confirmed).
[[nodiscard]] Result<ExitCode> run(RemoveOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
