// dstack's tcb_info: what a guest says of itself. It proves nothing; the quote does.
#pragma once

#include "attestation/policy.h"
#include "evidence/event_log.h"

namespace mpc::attestation {

/// What the guest claims of its registers and of its app-compose.
struct ClaimedValues {
    Sha384 mrtd {};
    std::array<Sha384, 4> rtmrs {};
    Sha256 compose_hash {};
};

struct DstackInfo {
    ClaimedValues claimed;
    evidence::EventLog event_log;
    std::string app_compose;  ///< the exact bytes that were measured

    /// tcb_info of dstack 0.5 (near/mpc's tcb_info.json). At most 16 MiB, 32 levels. Errors: Invalid.
    static Result<DstackInfo> parse(std::string_view text);
    static Result<DstackInfo> parse(json::Object const& object);
};

/// What a guest like this one measures to: how near/mpc publishes the measurements that it accepts.
/// Errors: Invalid (not exactly one key-provider event).
[[nodiscard]] Result<MeasurementSet> measurement_set_of(DstackInfo const& info, std::string name);

}  // namespace mpc::attestation
