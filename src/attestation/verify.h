// The verifier: evidence, collateral, policy and time in, a report out. No files, no network, no clock, no globals.
#pragma once

#include "attestation/dstack_info.h"
#include "attestation/node_keys.h"
#include "attestation/report.h"

namespace mpc::attestation {

/// What a node shows. A quote is enough for Scope::Platform; Scope::Node needs the log, the app-compose, and one of
/// keys, receipt and nonce.
struct Evidence {
    SignedQuote quote;
    std::optional<evidence::EventLog> event_log {};
    std::optional<std::string> app_compose {};  ///< exact bytes
    std::optional<ClaimedValues> claimed {};
    std::optional<NodeKeys> node_keys {};
    std::optional<std::string> receipt {};           ///< exact bytes
    std::optional<ReportData> nonce {};              ///< what the verifier asked the guest to quote, just now
    std::optional<evidence::EventLog> predicted {};  ///< the RTMR3 events that a deployment should have
};

/// Judges everything. Trusted means: every check was settled and none failed.
[[nodiscard]] Report verify(Evidence const& evidence, Collateral const& collateral, Policy const& policy,
    crypto::Time now);
/// The same, at the collateral's time, without judging the collateral again.
[[nodiscard]] Report verify(Evidence const& evidence, VerifiedCollateral const& collateral, Policy const& policy);

}  // namespace mpc::attestation
