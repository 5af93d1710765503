// Whether what an operator's machine talks to can be talked to: VMMs, collateral services, the network's contract.
#pragma once

#include "mpcctl/approved.h"
#include "mpcctl/finding.h"
#include "mpcctl/verify.h"
#include "mpcctl/vmm_access.h"

namespace mpc::ctl {

/// The VMM that the options name; otherwise every context of the configuration file. `os_image` is one that must be
/// there. Never fails: what goes wrong is a finding.
[[nodiscard]] Findings examine_vmms(VmmOptions const& options, std::optional<std::string> const& os_image,
    Interrupt const& interrupt);

/// Whether each service gives a CRL of Intel's root CA that is current by this machine's clock. `endpoints` as --pccs
/// takes them; none: the default ones.
[[nodiscard]] Findings examine_collateral(std::vector<std::string> const& endpoints, Interrupt const& interrupt);

/// Whether the contract can be asked, and allows an image.
[[nodiscard]] Findings examine_contract(ApprovedOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
