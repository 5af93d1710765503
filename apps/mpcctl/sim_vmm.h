// mpcctl sim vmm: dstack-vmm's API in front of simulated CVMs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/interrupt.h"
#include "mpcctl/exit_code.h"
#include "simulator/misbehaviour.h"

namespace mpc::ctl {

struct SimVmmOptions {
    std::string listen;  ///< "unix:PATH" or "http://127.0.0.1:PORT"
    std::filesystem::path directory;
    std::optional<std::string> token {};
    std::optional<std::string> auth_user {};
    std::optional<std::string> auth_password {};
    std::uint64_t seed = 1;
    std::string version = "0.5.8";
    std::vector<std::string> os_images {};
    std::optional<std::string> registry {};  ///< 127.x.x.x:PORT
    std::vector<std::filesystem::path> archives {};
    std::vector<std::pair<simulator::Fault, std::string>> misbehaviours {};  ///< as given: see parse_misbehaviour
    std::vector<std::string> lies {};                                        ///< as given: "status[:CALLS]"
};

/// Serves until the interrupt is raised, then shuts every VM down in order. Says "ready: URL" on standard error once it
/// listens. Errors: Invalid (exit code Usage for options), Io.
[[nodiscard]] Result<ExitCode> run(SimVmmOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
