// mpcctl app-compose: app-compose.json as dstack's own tool writes it, with the hashes that follow from it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "dstack/app_compose.h"
#include "hash/hash.h"
#include "mpcctl/exit_code.h"

namespace mpc::ctl {

/// Named as the options of `vmm-cli.py compose`.
struct AppComposeOptions {
    dstack::AppComposeOptions chosen {};  ///< the name and the flags; what comes from files is not in it yet
    std::filesystem::path docker_compose;
    std::optional<std::filesystem::path> prelaunch_script {};
    std::optional<std::filesystem::path> env_file {};
    std::optional<std::string> key_provider {};
    std::optional<std::string> swap {};
    std::optional<std::filesystem::path> output {};
    bool strict = false;  ///< a warning is an error
    bool json = false;
};

/// The bytes, and what follows from them.
struct AppCompose {
    std::string text;
    Sha256 compose_hash {};
    std::string app_id;                      ///< the first 40 hex characters of the compose hash
    Sha256 launcher_compose_hash {};         ///< SHA-256 of the compose file in it: what the network's contract allows
    std::optional<std::string> broken_rule;  ///< the network's first rule that it breaks
    std::vector<std::string> objections;     ///< what dstack will stumble over
};

/// Reads the files and writes the bytes. Errors: Invalid (exit code Usage for options), NotFound, Io.
[[nodiscard]] Result<AppCompose> make_app_compose(AppComposeOptions const& options);

/// Writes it to the output and prints the hashes; without an output it goes to standard output, and the hashes to
/// standard error, as warnings always do. Errors: those of make_app_compose(), Invalid for a warning under `strict`,
/// Io.
[[nodiscard]] Result<ExitCode> run(AppComposeOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
