// A verification policy as a TOML file. docs/policy-file.md describes each key.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "attestation/policy.h"

namespace mpc::ctl {

struct PolicyFile {
    attestation::Policy policy;
    std::optional<std::string> simulated_root;  ///< path of a PEM or DER certificate, as written

    /// Keys: image_digests, launcher_compose_hashes, tcb_statuses, advisories, maximum_collateral_age_days,
    /// minimum_tcb_evaluation_number, [[measurements]] {name, mrtd, rtmr0, rtmr1, rtmr2, key_provider_digest},
    /// [loosen] {simulated_root, debug_td, migratable_td, bound_service_td}. What is absent has Policy's default; an
    /// unknown key, an empty tcb_statuses and a value of another form are refused. Errors: Invalid, with the place.
    static Result<PolicyFile> parse(std::string_view toml);
};

/// The certificate of a simulator's root: PEM or DER. Errors: NotFound, Io, Invalid.
[[nodiscard]] Result<attestation::SimulatedRoot> read_simulated_root(std::filesystem::path const& path);

/// The file with its simulated root, whose path is relative to the file. Errors: also NotFound and Io.
[[nodiscard]] Result<attestation::Policy> read_policy(std::filesystem::path const& path);

}  // namespace mpc::ctl
