// Everything that can be wrong with an attestation, each made alone: what a verifier must refuse, and why.
#pragma once

#include <span>

#include "simulator/attested_node.h"

namespace mpc::simulator {

/// One thing that is wrong. Everything else is signed and measured to fit it.
struct Defect {
    std::string_view name;                      ///< "root-crl-expired"
    std::optional<attestation::CheckId> check;  ///< the first one that must fail; absent: the file cannot be read
    std::string_view file;                      ///< which one, when there is no check: "quote.bin"
    std::string_view what;                      ///< in words, after "The ... "
    Result<Exhibit> (*make)(AttestedNode const& sound);
};

/// In the order of a report, then what cannot be read. Names are unique.
[[nodiscard]] std::vector<Defect> all_defects();
/// Errors: Invalid.
[[nodiscard]] Result<Defect> defect_named(std::string_view name);

/// An exhibit, and a policy that accepts everything of the node as it was before the defect, and leaves no check out
/// that it has a say in: no advisories, collateral of at most 31 days, TCB evaluation 19 or later.
struct Case {
    Exhibit exhibit;
    attestation::Policy policy;
};
/// Without a defect it is trusted. Errors: Internal.
[[nodiscard]] Result<Case> make_case(AttestedNode const& node, std::optional<Defect> const& defect);

}  // namespace mpc::simulator
