// What the simulating commands share: when it is, and files in a directory.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crypto/time.h"
#include "simulator/evidence_files.h"

namespace mpc::ctl {

/// The time of an option --at, or the clock's. Errors: Invalid (exit code Usage).
[[nodiscard]] Result<crypto::Time> time_of_simulation(std::optional<std::string> const& at);

/// Writes each file atomically; the directory is made when it is not there. Errors: Io.
[[nodiscard]] Result<void> write_files(std::filesystem::path const& directory,
    std::vector<simulator::EvidenceFile> const& files);

}  // namespace mpc::ctl
