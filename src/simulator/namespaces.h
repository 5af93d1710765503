// Linux namespaces around a simulated CVM: its processes, mounts, network and name are its own. Needs root.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"

namespace mpc::simulator {

/// Runs `first` as the first process of new namespaces, killed with the thread that calls; when it ends, the kernel
/// ends everything in them. The caller must have one thread only. Errors: Io (not root).
[[nodiscard]] Result<pid_t> start_in_namespaces(std::function<int()> const& first);

/// The network of a process, to make sockets in.
[[nodiscard]] Result<Fd> network_of(pid_t pid);
/// A TCP socket in that network; in the caller's own for an invalid descriptor. Errors: Io.
[[nodiscard]] Result<Fd> tcp_socket_in(Fd const& network);
/// Sets its loopback up. Errors: Io.
Result<void> raise_loopback(Fd const& network);

/// What the root directory of a CVM is made from. All must exist.
struct GuestRoot {
    std::filesystem::path root;  ///< an empty directory
    std::filesystem::path run;   ///< becomes /run
    std::filesystem::path disk;  ///< becomes /dstack/persistent
};

/// Called by the first process: a root directory with programs and libraries of the machine, and everything else its
/// own, as in dstack's guest: /tapp and /dstack are there and empty. Errors: Io.
Result<void> enter_guest_root(GuestRoot const& guest);

/// Removes a control group of that name, and those in it, from every hierarchy; what is in use stays.
void remove_control_group(std::string const& name);

}  // namespace mpc::simulator
