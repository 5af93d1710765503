// mpcctl sim agent: a simulated dstack guest agent at a unix socket.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/interrupt.h"
#include "mpcctl/exit_code.h"
#include "simulator/guest_agent.h"

namespace mpc::ctl {

struct SimAgentOptions {
    std::filesystem::path socket;
    std::optional<std::filesystem::path> app_compose {};
    std::uint64_t seed = 1;
    std::string version = "0.5.8";
    std::vector<std::pair<simulator::Fault, std::string>> misbehaviours {};  ///< as given: see parse_misbehaviour
    std::vector<std::string> lies {};                                        ///< as given: see parse_lie
    std::optional<std::filesystem::path> trust {};  ///< directory for what a verifier must be given
    std::optional<std::string> at {};               ///< when the collateral there is current; absent: now
};

/// What the simulator is to be. Errors: Invalid (exit code Usage for options), NotFound and Io (the app-compose file).
[[nodiscard]] Result<simulator::GuestAgentOptions> agent_options(SimAgentOptions const& options);

/// Serves until the interrupt is raised, then removes the socket. Says on standard error what it is, and "ready:
/// SOCKET" once it listens; the files of --trust are there by then. Errors: those of agent_options(), of booting, of
/// writing and of listening.
[[nodiscard]] Result<ExitCode> run(SimAgentOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
