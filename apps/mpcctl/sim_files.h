// What the simulating commands share: files in a directory.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "simulator/evidence_files.h"

namespace mpc::ctl {

/// Writes each file atomically; the directory is made when it is not there. Errors: Io.
[[nodiscard]] Result<void> write_files(std::filesystem::path const& directory,
    std::vector<simulator::EvidenceFile> const& files);

}  // namespace mpc::ctl
