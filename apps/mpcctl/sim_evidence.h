// mpcctl sim evidence: a node's evidence as files, right or with one defect.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/interrupt.h"
#include "mpcctl/exit_code.h"
#include "simulator/quote.h"

namespace mpc::ctl {

struct SimEvidenceOptions {
    std::filesystem::path output {};  ///< directory
    std::optional<std::string> defect {};
    std::uint64_t seed = 1;
    std::optional<std::string> at {};  ///< when the evidence holds; absent: now
    std::string shape = "v4";          ///< "v4", "v5-td10" or "v5-td15"
    bool list = false;                 ///< print the defects and write nothing
    bool json = false;
};

/// Errors: Invalid (exit code Usage).
[[nodiscard]] Result<simulator::QuoteShape> quote_shape(std::string_view name);

/// Writes quote.bin, collateral.json, tcb_info.json, app_compose.json, node_keys.json, public_data.json, root.pem and
/// policy.toml, and says on standard output what a verifier must find; or prints the table of defects. Errors: Invalid
/// (exit code Usage: no such defect or shape, a time of another form), Io.
[[nodiscard]] Result<ExitCode> run(SimEvidenceOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
