// Whether the node in a VM is well: the VMM's word, the launcher's own, and the hardware's.
#pragma once

#include "mpcctl/verify.h"
#include "vmm/boot.h"
#include "vmm/upgrade.h"

namespace mpc::ctl {

struct HealthOptions {
    /// The launcher's log, as the guest's agent serves it; absent: the VM's port 8090, where the VMM forwards one.
    std::optional<std::string> launcher_log {};
    EvidenceOptions evidence {};  ///< nothing named: the node is not verified
    CollateralInput collateral {};
    PolicyOptions policy {};

    [[nodiscard]] bool verifies() const { return evidence.public_data || evidence.agent; }
};

/// Where the launcher's log of a VM can be read; empty when nowhere. Errors: Invalid (the option).
[[nodiscard]] Result<vmm::ReadLauncherLog> launcher_log_of(HealthOptions const& options,
    vmm::Configuration const& configuration, std::string const& vmm_address, Interrupt const& interrupt);

/// What an attestation must show beside being trusted.
struct ExpectedNode {
    std::optional<image::ImageDigest> image {};  ///< this alone; absent: what the policy allows
    std::optional<Sha256> compose_hash {};       ///< of the app-compose
};

/// Asks for evidence until it is trusted and shows what is expected: a node that has just been started may not answer
/// yet, or with what it measured before. Errors: Mismatch with the reason at the deadline; Interrupted; those of
/// policy_of().
[[nodiscard]] Result<void> wait_for_attestation(HealthOptions const& options, ExpectedNode const& expected,
    Deadline const& deadline, Interrupt const& interrupt);

/// One VM's node, looked at until all that can be asked agrees, or the deadline passes.
class NodeHealth {
public:
    /// Errors: Invalid (options), those of policy_of().
    static Result<NodeHealth> of(vmm::Client& client, vmm::VmInfo const& vm, std::string const& vmm_address,
        HealthOptions options, Duration deadline, Interrupt const& interrupt);

    /// Whether anything would show that the node is not well.
    [[nodiscard]] bool can_be_seen() const { return m_launcher_log || m_options.verifies(); }
    /// "" when it cannot be read.
    [[nodiscard]] std::string launcher_log() const;
    [[nodiscard]] std::string last_log_line() const { return vmm::read_launcher_log(launcher_log(), "").last_line; }

    /// Forward: the node runs with the record's digest. Back: it runs. Or its launcher says that only a reboot helps.
    /// Errors: Mismatch with the reason when it is not well and will not be in time; Interrupted; those of
    /// follow_boot().
    [[nodiscard]] Result<std::optional<vmm::RebootWanted>> wait(vmm::UpgradeRecord const& record) const;

private:
    NodeHealth(vmm::Client& client, vmm::ReadLauncherLog launcher_log, HealthOptions options, Duration deadline,
        Interrupt const& interrupt)
        : m_client(client), m_launcher_log(std::move(launcher_log)), m_options(std::move(options)),
          m_deadline(deadline), m_interrupt(interrupt)
    {
    }

    vmm::Client& m_client;
    vmm::ReadLauncherLog m_launcher_log;
    HealthOptions m_options;
    Duration m_deadline;
    Interrupt const& m_interrupt;
};

}  // namespace mpc::ctl
