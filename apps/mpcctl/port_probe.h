// Which ports this machine can give, for a VMM that is on it.
#pragma once

#include <string>
#include <vector>

#include "vmm/plan.h"

namespace mpc::ctl {

/// Whether a VMM's address is that of a socket or of a loopback interface. A tunnel looks the same, so what is found
/// here about a VMM's machine is no proof.
[[nodiscard]] bool looks_local(std::string const& vmm_address);

/// Those that cannot be bound now, because something has them or the address is none of this machine's. Each is bound
/// for a moment. A port that only root may bind is not among them: the VMM may.
[[nodiscard]] std::vector<vmm::PortTrouble> port_troubles(std::vector<vmm::PortForward> const& ports);

}  // namespace mpc::ctl
