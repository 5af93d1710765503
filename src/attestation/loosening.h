// What makes the verifier accept more than Intel's and the network's rules allow. Each loosening is a type of its own,
// so that a search for its name finds every place that uses it; a report names those in force. Never for production.
#pragma once

#include "base/bytes.h"

namespace mpc::attestation {

/// Trust this root certificate (DER) in the place of Intel's: for quotes of a simulator.
struct SimulatedRoot {
    Bytes der;
};

/// Accept a virtual machine whose memory its host can read (TDATTRIBUTES bit 0).
struct DebugTd {};

/// Accept a virtual machine that may be moved to another host (TDATTRIBUTES bit 29).
struct MigratableTd {};

/// Accept a virtual machine with a service TD bound to it (MRSERVICETD not zero).
struct BoundServiceTd {};

}  // namespace mpc::attestation
