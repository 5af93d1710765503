// The measured inputs: environment variables and the options equal to them, all read and checked before anything is
// opened.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "base/interrupt.h"
#include "base/log.h"
#include "config/plan.h"
#include "image/digest.h"
#include "measure/measurement.h"

namespace mpc::launcher {

/// One measured input. The option wins over the variable; both win over the default.
struct Setting {
    char const* variable;       ///< "PLATFORM"
    char const* option;         ///< "--platform"
    char const* default_value;  ///< nullptr when the input is required
    char const* description;    ///< for --help
};

/// Every measured input, in the order of the manual.
[[nodiscard]] std::span<Setting const> settings();

/// The command line as given: options by their variable's name, and the flags.
struct Arguments {
    std::map<std::string, std::string> options {};
    bool check = false;
    bool supervise = false;
};

enum class Hardening {
    Strict,    ///< all capabilities dropped, read-only root, tmpfs /tmp, pids limit, no-new-privileges
    Standard,  ///< what the peers set: no-new-privileges
};

/// The measured inputs as values.
struct Environment {
    config::Platform platform;
    image::ImageDigest default_digest;
    std::optional<std::filesystem::path> user_config;  ///< absent: the first of the two production places that exists
    std::filesystem::path shared_directory;
    std::filesystem::path docker_socket;
    std::filesystem::path dstack_socket;
    std::filesystem::path docker_config;
    std::string container_name;
    Hardening hardening;
    measure::Method measurement;
    measure::NativePaths native;
    LogFormat log_format;
    Duration pull_silence;
    Duration pull_deadline;
    Duration agent_deadline;

    /// The value of a variable; nullopt when it is not set.
    using Lookup = std::function<std::optional<std::string>(char const* variable)>;

    /// Errors: Invalid as ExitCode::Environment, naming the variable and what it may be. A value that is set but empty
    /// is refused, not replaced by the default.
    static Result<Environment> read(Arguments const& arguments, Lookup const& lookup);
};

/// The process's own environment.
[[nodiscard]] std::optional<std::string> process_environment(char const* variable);

}  // namespace mpc::launcher
