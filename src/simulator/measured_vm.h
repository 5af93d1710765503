// The measured side of a simulated CVM: who it is, its event log and its four registers.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "evidence/event_log.h"
#include "simulator/dialect.h"
#include "simulator/seed.h"

namespace mpc::simulator {

/// A small app-compose.json that dstack and the network's verifier would accept, as dstack's own tool writes it.
[[nodiscard]] std::string default_app_compose();

/// What a CVM is, as far as its app-compose.json and its machine decide it. Hashes as raw bytes.
struct VmIdentity {
    std::string app_compose;  ///< the exact text
    std::string app_name;
    Sha256 compose_hash {};    ///< SHA-256 of the text
    Bytes app_id;              ///< the first 20 bytes of the compose hash
    Bytes instance_id;         ///< 20 bytes, or none with "no_instance_id"
    std::string key_provider;  ///< {"name":...,"id":...} as text
    std::string storage_fs;    ///< "zfs" or "ext4"
    Sha384 mrtd {};
    Sha256 os_image_hash {};

    /// Errors: Invalid (not JSON, not an object, no name, an unknown storage_fs).
    static Result<VmIdentity> from(std::string app_compose, Seed const& seed);
    /// 01, the compose hash, 15 zero bytes.
    [[nodiscard]] std::array<std::uint8_t, 48> mr_config_id() const;
    /// What dstack tells the VM about the machine, as JSON text.
    [[nodiscard]] std::string vm_config() const;
};

/// What one emitted event does. Real hardware knows Both only; the rest are lies.
enum class Effect { Both, LogOnly, RegisterOnly };

/// Boots as it is made: firmware and kernel into RTMR0 to 2, dstack's boot events into RTMR3.
class MeasuredVm {
public:
    MeasuredVm(VmIdentity identity, Seed const& seed, Dialect const& dialect);

    void emit(std::string name, Bytes payload, Effect effect = Effect::Both);

    [[nodiscard]] VmIdentity const& identity() const { return m_identity; }
    [[nodiscard]] evidence::EventLog const& log() const { return m_log; }
    [[nodiscard]] std::array<evidence::Rtmr, 4> const& rtmrs() const { return m_rtmrs; }

private:
    void boot_firmware_and_kernel(Seed const& seed);
    void boot_dstack(Dialect const& dialect);

    VmIdentity m_identity;
    evidence::EventLog m_log;
    std::array<evidence::Rtmr, 4> m_rtmrs {};
};

}  // namespace mpc::simulator
