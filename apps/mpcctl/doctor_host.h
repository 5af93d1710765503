// Whether a machine can be the host of TDX CVMs, seen from its files, devices and ports.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/interrupt.h"
#include "mpcctl/finding.h"
#include "vmm/types.h"

namespace mpc::ctl {

struct HostOptions {
    std::filesystem::path root { "/" };            ///< where the host's files are seen, as from a container
    std::optional<std::filesystem::path> qemu {};  ///< absent: qemu-system-x86_64 of PATH, below `root`
    std::string qemu_version = "8.2.2";            ///< that the accepted measurements were made with
    std::uint16_t key_provider = 3443;             ///< its port on 127.0.0.1
    std::vector<vmm::PortForward> ports {};        ///< of a deployment: they must be free here
    std::optional<std::uint32_t> memory_mb {};     ///< of a deployment
};

/// TDX, SGX, KVM and vsock; the services that quotes and disk keys come from; QEMU; memory and ports. What cannot be
/// read counts as missing. Runs QEMU once, to ask for its version. Never fails.
[[nodiscard]] Findings examine_host(HostOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
