// What every command that talks to a dstack-vmm shares.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/interrupt.h"
#include "mpcctl/exit_code.h"
#include "vmm/client.h"
#include "vmm/context.h"
#include "json/json.h"

namespace mpc::ctl {

/// Which VMM. There is no option for a token itself: it would be seen in the list of processes.
struct VmmOptions {
    vmm::Choice choice {};
    std::optional<std::filesystem::path> config {};  ///< default: ~/.config/mpcctl/config.toml
    int timeout_seconds = 30;                        ///< for one call
};

/// The options' file, or the user's, whether it exists or not; nullopt when there is no HOME.
[[nodiscard]] std::optional<std::filesystem::path> configuration_file(VmmOptions const& options);
/// The hosts that it names; none when there is no such file. Errors: NotFound (the options' file), Invalid, Io.
[[nodiscard]] Result<vmm::Contexts> contexts_of(VmmOptions const& options);
/// The VMM that the options, the environment and the configuration file name. Errors: Invalid, NotFound, Io.
[[nodiscard]] Result<vmm::Endpoint> endpoint_of(VmmOptions const& options);
/// A client for it. Nothing is sent yet. Errors: those of endpoint_of() and vmm::Client::make().
[[nodiscard]] Result<vmm::Client> client_of(VmmOptions const& options, Interrupt const& interrupt);

/// The VM with that id or name, as it is now and with its configuration. Errors: NotFound and Invalid for the name,
/// those of the client with the exit code OtherSide.
[[nodiscard]] Result<vmm::VmInfo> vm_named(vmm::Client& client, std::string const& name);

/// A VM for machines: no user_config, no bytes of app-compose but their hash.
[[nodiscard]] json::Object vm_json(vmm::VmInfo const& vm);

/// Asks for a line on the terminal. Absent when standard input or error is no terminal; "" at the end of the input.
/// Errors: Interrupted.
[[nodiscard]] Result<std::optional<std::string>> ask(std::string const& question, Interrupt const& interrupt);
/// Says what will be done, and asks whether to go on: "y" or "yes" is consent. Errors: Invalid with the exit code Usage
/// (any other answer; nobody can be asked), Interrupted.
[[nodiscard]] Result<void> ask_consent(std::string const& what, Interrupt const& interrupt);

}  // namespace mpc::ctl
