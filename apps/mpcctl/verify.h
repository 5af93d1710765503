// mpcctl verify: whether a node, a guest or a quote is to be trusted, and why.
#pragma once

#include <vector>

#include "mpcctl/evidence_input.h"
#include "mpcctl/exit_code.h"
#include "report/document.h"

namespace mpc::ctl {

/// What is accepted: a policy file, and more of the same kinds on the command line.
struct PolicyOptions {
    std::optional<std::filesystem::path> file {};
    std::vector<std::string> image_digests {};  ///< "sha256:..." or bare hex
    std::vector<std::filesystem::path> launcher_composes {};
    std::vector<std::filesystem::path> measurements {};  ///< tcb_info files, as the network publishes them
    std::optional<std::filesystem::path> simulated_root {};
    bool platform_only = false;
};

struct CollateralInput {
    std::optional<std::filesystem::path> file {};
    std::vector<std::string> endpoints {};  ///< see net::Endpoint::parse; none: the defaults
    std::optional<std::filesystem::path> cache {};
    std::optional<std::filesystem::path> save {};
    bool fetch = false;  ///< although the public data brings its own
    bool offline = false;
};

struct VerifyOptions {
    EvidenceOptions evidence {};
    CollateralInput collateral {};
    PolicyOptions policy {};
    std::optional<std::string> at {};            ///< "2026-08-13T12:00:00Z" or Unix seconds; default: now
    std::optional<std::string> submitted_at {};  ///< of the attestation, to the network
    std::optional<std::string> image_deadline {};
    std::optional<std::filesystem::path> html {};
    std::optional<std::filesystem::path> batch {};  ///< a directory of evidence, instead of one
    unsigned jobs = 0;                              ///< of a batch, at the same time; 0: one for each processor
    bool json = false;
};

/// The policy that the options make. Errors: Invalid, NotFound, Io.
[[nodiscard]] Result<attestation::Policy> policy_of(PolicyOptions const& options);

/// Gathers evidence and collateral, and judges them. Errors: as run().
[[nodiscard]] Result<report::Document> judge(VerifyOptions const& options, attestation::Policy policy,
    Interrupt const& interrupt);

/// Prints the report on standard output. Done when trusted, NotTrusted when not.
/// Errors: Invalid, NotFound and Io for inputs, what others do wrong as from_other_side().
[[nodiscard]] Result<ExitCode> run(VerifyOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
