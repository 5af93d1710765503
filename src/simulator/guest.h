// Inside a simulated CVM: its first process, which is kernel, systemd and dstack's scripts in one.
#pragma once

#include "simulator/console.h"
#include "simulator/cvm.h"

namespace mpc::simulator {

/// What whoever made the namespaces hands to the first process.
struct GuestHandover {
    int network_is_ready = -1;  ///< a pipe that is closed when the network's cables are in
    std::string control_group;  ///< for the engine's containers
};

/// Boots, stays until `interrupt` is raised, shuts down. Returns the process's exit code: 0, or 1 after a boot.error.
[[nodiscard]] int run_guest(CvmOptions const& options, Console const& console, GuestHandover const& handover,
    Interrupt const& interrupt);

}  // namespace mpc::simulator
