// A deployment and its files, from the command line to what a plan is made of.
#pragma once

#include <filesystem>
#include <optional>

#include "mpcctl/vmm_access.h"
#include "vmm/plan.h"

namespace mpc::ctl {

struct DeploymentInput {
    std::optional<std::filesystem::path> file {};              ///< TOML
    std::optional<std::filesystem::path> env_file {};          ///< of deploy-launcher.sh, instead
    std::optional<std::filesystem::path> compose_template {};  ///< which the env file does not name
};

/// Reads the deployment and the files it names, whose paths are relative to it, and renders compose and app-compose.
/// Errors: Invalid (exit code Usage when nothing to read was named; a digest that the compose file has neither a
/// placeholder for nor in it), NotFound, Io.
[[nodiscard]] Result<vmm::Wanted> read_deployment(DeploymentInput const& input);

/// The options, with the VMM that the deployment names unless they name one.
[[nodiscard]] VmmOptions with_vmm_of(VmmOptions options, vmm::Deployment const& deployment);

/// Asks the VMM what there is. Errors: those of the client, with the exit code OtherSide.
[[nodiscard]] Result<vmm::Existing> ask_what_exists(vmm::Client& client);
/// The same before a deployment, with all that its VMM at that address, or this machine, can say of its ports.
[[nodiscard]] Result<vmm::Existing> ask_what_exists(vmm::Client& client, vmm::Deployment const& deployment,
    std::string const& address);

}  // namespace mpc::ctl
