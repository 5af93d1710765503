// What will make an attestation fail that holds now, and when.
#pragma once

#include "attestation/report.h"

namespace mpc::attestation {

/// How long the network believes an attestation from when it was submitted (near/mpc, 604800 s); at the last second it
/// still does.
inline constexpr std::chrono::seconds attestation_lifetime = std::chrono::days(7);

/// What the report cannot know. Absent facts are not forecast.
struct ForecastFacts {
    std::optional<crypto::Time> submitted_at;           ///< of this attestation, to the network
    std::optional<crypto::Time> image_digest_deadline;  ///< until when the measured image digest is allowed
};

enum class Cause {
    Collateral,     ///< a text or a CRL of Intel's is no longer current; newer ones can be fetched
    Certificate,    ///< a certificate ends; the platform or Intel must renew it
    CollateralAge,  ///< the policy's maximum age
    TcbRecovery,    ///< Intel's next evaluation may judge this platform otherwise
    AttestationAge,
    ImageDigest,  ///< the network no longer allows the image
};
/// Stable, for machines: "tcb_recovery".
[[nodiscard]] std::string_view name_of(Cause cause);

struct Prospect {
    Cause cause {};
    std::string what;   ///< which thing: "TCB Info"
    crypto::Time when;  ///< the last second in which it holds
    std::string then;   ///< what happens after it and what to do, a sentence
};

/// Sorted by time, the next one first. Whatever has ended at the report's time is not a prospect: the report says it.
[[nodiscard]] std::vector<Prospect> forecast(Report const& report, Policy const& policy, ForecastFacts const& facts);

}  // namespace mpc::attestation
