// The checks in the parts in which a reader takes them in.
#pragma once

#include <array>
#include <span>

#include "attestation/report.h"

namespace mpc::report {

/// Consecutive checks, in the order of the report.
struct Group {
    std::string_view name;      ///< stable, one word or two joined: "platform_key"
    std::string_view title;     ///< for people: "The platform's key"
    std::string_view question;  ///< what its checks answer
    attestation::CheckId first;
    attestation::CheckId last;  ///< included
};

/// Every check is in exactly one.
[[nodiscard]] std::span<Group const> groups();
[[nodiscard]] Group const& group_of(attestation::CheckId id);
/// Its checks, in order; a view into the list, which must outlive it.
[[nodiscard]] std::span<attestation::Check const> checks_of(attestation::Checklist const& checks, Group const& group);
std::span<attestation::Check const> checks_of(attestation::Checklist&& checks, Group const& group) = delete;

/// Checks taken together: by any part of a picture or of a page.
enum class Outcome {
    Holds,         ///< none failed, each was settled, at least one passed
    Fails,         ///< at least one failed
    Unjudged,      ///< none failed, but at least one was not settled
    DoesNotApply,  ///< all settled, none has a meaning here
};

struct Tally {
    std::size_t passed = 0;
    std::size_t failed = 0;
    std::size_t unjudged = 0;
    std::size_t not_applicable = 0;

    void add(attestation::Check const& check);
    [[nodiscard]] Outcome outcome() const;
    /// "7 checks hold", "2 of 7 fail", "3 of 7 not judged", "not judged".
    [[nodiscard]] std::string text() const;
};

[[nodiscard]] Tally tally_of(std::span<attestation::Check const> checks);

}  // namespace mpc::report
