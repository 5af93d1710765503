// A simulated confidential VM: namespaces of its own, a guest agent, a private Docker Engine, and the containers of its
// app-compose, as dstack's guest image boots them. Needs root, dockerd and iptables; nothing of the machine's own is
// touched but the directory.
//
// The directory is the machine: disk/ is what survives (Docker's data root is disk/docker; "seal" tells what opens it),
// run/ is the guest's /run with dstack.sock and docker.sock, serial.log its console, events.jsonl what it reports,
// trust/ what a verifier is given, root/ and lock are the simulator's.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/interrupt.h"
#include "simulator/relay.h"

namespace mpc::simulator {

/// A port of the machine's loopback, and the guest's port behind it.
struct PortMapping {
    Endpoint at;
    std::uint16_t vm_port = 0;
};

struct CvmOptions {
    std::filesystem::path directory;
    std::string app_compose;
    std::string user_config {};
    std::uint64_t seed = 1;
    std::string version = "0.5.8";  ///< see Dialect
    unsigned vcpu = 1;
    unsigned memory = 1024;  ///< MB; counts for the sealing key only
    std::string os_image = "dstack-0.5.8";
    std::optional<Endpoint>
        registry {};  ///< on the machine's loopback: seen there by the guest, and its mirror of docker.io
    std::vector<std::filesystem::path> archives {};  ///< of `docker save`: loaded at the first boot
    std::vector<PortMapping> ports {};
};

/// Boots, and stays until the guest ends. When `interrupt` is raised the guest shuts down in order (containers are
/// stopped, the engine ends); killed with SIGKILL, everything in it ends at once, as when a machine loses its power;
/// the next run on the same directory is the next boot of the same machine. The calling process must have one thread
/// only. Errors: Invalid (it runs already, a port is in use, an app-compose that dstack would not take), Io, Refused
/// (the guest ended with an error, which events.jsonl has as boot.error).
Result<void> run_cvm(CvmOptions const& options, Interrupt const& interrupt);

/// After run_cvm()'s process was killed: whether the last process of the guest is gone, too. Clears up if so.
bool power_is_off(std::filesystem::path const& directory);
/// As power_is_off(), but waits for it, at most 5 s.
void wait_for_power_off(std::filesystem::path const& directory);

}  // namespace mpc::simulator
