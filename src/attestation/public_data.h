// What a node of near/mpc serves at /public_data: its keys, and the attestation that it made when it started.
#pragma once

#include "attestation/collateral.h"
#include "attestation/dstack_info.h"
#include "attestation/node_keys.h"
#include "attestation/quote.h"

namespace mpc::attestation {

/// The keys that a node says are its own: near_p2p_public_key and near_signer_public_key of an object, which may hold
/// more. Errors: Invalid.
[[nodiscard]] Result<NodeKeys> parse_node_keys(json::Object const& object);
/// The same, of a text of at most 1 MiB.
[[nodiscard]] Result<NodeKeys> parse_node_keys(std::string_view text);

struct PublicData {
    NodeKeys keys;
    SignedQuote quote;
    Collateral collateral;  ///< as it was when the node started: it may be long out of date
    DstackInfo info;

    /// At most 16 MiB, 32 levels. Bytes are hex or lists of byte values. Members that are not known are not read, as
    /// nodes add some. Errors: Invalid, with the member; a node without an attestation and one that only plays at it
    /// (Mock) are named as such.
    static Result<PublicData> parse(std::string_view text);
};

}  // namespace mpc::attestation
