// mpcctl sim cvm: a simulated confidential VM without a VMM.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "mpcctl/exit_code.h"

namespace mpc::ctl {

struct SimCvmOptions {
    std::filesystem::path directory;
    std::filesystem::path app_compose;
    std::optional<std::filesystem::path> user_config {};
    std::uint64_t seed = 1;
    std::string version = "0.5.8";
    unsigned vcpu = 1;
    unsigned memory = 1024;
    std::string os_image = "dstack-0.5.8";
    std::optional<std::string> registry {};  ///< 127.x.x.x:PORT
    std::vector<std::filesystem::path> archives {};
    std::vector<std::string> ports {};  ///< [127.x.x.x:]PORT:GUEST_PORT
};

/// Boots, and stays until the guest ends or the interrupt shuts it down. Errors: those of simulator::run_cvm(), of
/// reading the files, and Invalid (exit code Usage) for options.
[[nodiscard]] Result<ExitCode> run(SimCvmOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
