// What dstack-vmm knows of its virtual machines, as plain values. (vmm_rpc.proto, 0.5.0 to 0.6.0.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"

namespace mpc::vmm {

enum class Protocol { Tcp, Udp };
/// "tcp", "udp".
[[nodiscard]] char const* name_of(Protocol protocol);

/// A port of the host that leads to one of the VM's.
struct PortForward {
    Protocol protocol = Protocol::Tcp;
    std::string address = "127.0.0.1";  ///< of the host, IPv4
    std::uint16_t host = 0;
    std::uint16_t vm = 0;
    auto operator<=>(PortForward const&) const = default;
};
/// "tcp:127.0.0.1:8080:80", as dstack's own tool writes it.
[[nodiscard]] std::string to_text(PortForward const& port);

/// What a VM is made from.
struct Configuration {
    std::string name {};
    std::string image {};         ///< of the operating system
    std::string compose_file {};  ///< app-compose.json, byte for byte
    std::uint32_t vcpu = 0;
    std::uint32_t memory_mb = 0;
    std::uint32_t disk_gb = 0;
    std::vector<PortForward> ports {};
    Secret user_config {};
};

enum class Status { Running, Exited, Stopping, Stopped, Removing };
/// As the VMM names it: "running", "exited" (its process ended by itself), "stopping", "stopped", "removing".
[[nodiscard]] char const* name_of(Status status);

/// What a VM reported while it booted. Foreign text: print it through printable().
struct Event {
    std::string name;
    std::string body;
    std::uint64_t milliseconds = 0;  ///< since 1970
};

struct VmInfo {
    std::string id {};
    std::string name {};
    Status status = Status::Stopped;
    std::string uptime {};       ///< "1h 2m 3s" since its last start, also of one that has ended; or "never"
    std::string app_id {};       ///< 40 hex characters
    std::string instance_id {};  ///< 40 hex characters, or "" before the first boot
    std::optional<Configuration> configuration {};
    std::string exited_at {};      ///< how long ago that was, as uptime
    std::string boot_progress {};  ///< "booting", ..., "done"
    std::string boot_error {};
    std::string shutdown_progress {};
    std::string image_version {};
    std::vector<Event> events {};
};

/// What is to change of a VM; absent stays. Resources need a VM that is stopped, and a disk cannot shrink.
struct Update {
    std::optional<std::string> compose_file {};
    std::optional<Secret> user_config {};  ///< cannot be made empty
    std::optional<std::vector<PortForward>> ports {};
    std::optional<std::uint32_t> vcpu {};
    std::optional<std::uint32_t> memory_mb {};
    std::optional<std::uint32_t> disk_gb {};
    std::optional<std::string> image {};
    bool operator==(Update const&) const = default;
};

}  // namespace mpc::vmm
