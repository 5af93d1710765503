// mpcctl verify --batch: many nodes' evidence at once, over all processors.
#pragma once

#include "mpcctl/verify.h"

namespace mpc::ctl {

/// Each entry of the directory is one node: a file NAME.json with its public data, or a directory NAME with
/// public_data.json, or with quote.bin (or .hex, .json) and any of tcb_info.json, event_log.json, app_compose.json,
/// node_keys.json, receipt.json, collateral.json. Hidden entries are left out. --collateral FILE goes before what an
/// entry brings, and is judged once for all. No network.
///
/// Prints a line for each node, in order of names, and a summary; or JSON (docs/verify-json.md).
/// Done when every node is trusted; NotTrusted when one is not; Input when one cannot be read and the others are
/// trusted. Errors: Invalid, NotFound, Io (the directory, the shared collateral).
[[nodiscard]] Result<ExitCode> verify_batch(VerifyOptions const& options, attestation::Policy const& policy,
    crypto::Time time);

}  // namespace mpc::ctl
