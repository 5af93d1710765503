// A simulated node's evidence as the files that a verifier is given.
#pragma once

#include "simulator/attested_node.h"

namespace mpc::simulator {

struct EvidenceFile {
    std::string name;
    std::string content;
};

/// root.pem: the certificate to trust.
[[nodiscard]] EvidenceFile root_file(ByteView root);
/// collateral.json, with binary members in hex.
[[nodiscard]] EvidenceFile collateral_file(PublishedCollateral const& collateral);

/// quote.bin, collateral.json, tcb_info.json, app_compose.json, root.pem and node_keys.json, of a quote for a receipt
/// receipt.json in the place of the keys.
[[nodiscard]] std::vector<EvidenceFile> evidence_files(Exhibit const& exhibit);
/// public_data.json, all in one as a node of near/mpc serves it; nullopt when the quote is not for a node's keys.
[[nodiscard]] std::optional<EvidenceFile> public_data_file(Exhibit const& exhibit);

/// "ed25519:" and base58 of the key: the inverse of attestation::NearKey::parse().
[[nodiscard]] std::string text_of(attestation::NearKey const& key);

}  // namespace mpc::simulator
