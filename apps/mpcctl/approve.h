// mpcctl approve: writes an approved-digests file as a node does.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "image/digest.h"
#include "mpcctl/exit_code.h"

namespace mpc::ctl {

struct ApproveOptions {
    std::filesystem::path output;
    std::vector<std::string> digests;  ///< "sha256:..." or bare hex, newest first
    bool json = false;
};

/// {"approved_hashes":["sha256:..."]} as serde's pretty printer writes it (two spaces, no newline at the end), which is
/// what nodes write since 2025-11-27. Errors: Invalid (none, one twice, more than the launcher reads).
[[nodiscard]] Result<std::string> approved_text(std::vector<image::ImageDigest> const& digests);

/// Replaces the file as a whole, or on an error leaves it as it was. Errors: Invalid (exit code Usage for digests), Io.
[[nodiscard]] Result<ExitCode> run(ApproveOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
