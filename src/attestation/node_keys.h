// The keys that a node binds into its quote, and what else a quote's report data may be.
#pragma once

#include <array>
#include <string_view>

#include "base/bytes.h"

namespace mpc::attestation {

using ReportData = std::array<std::uint8_t, 64>;

/// An Ed25519 public key as NEAR writes it.
struct NearKey {
    std::array<std::uint8_t, 32> bytes {};

    /// "ed25519:" and base58 (Bitcoin's alphabet) of exactly 32 bytes. Errors: Invalid.
    static Result<NearKey> parse(std::string_view text);
};

struct NodeKeys {
    NearKey tls;      ///< near_p2p_public_key
    NearKey account;  ///< near_signer_public_key
};

/// Version 1 as 16 bits, high byte first; SHA3-384 of TLS key and account key; 14 zeros. (near/mpc, report_data.)
[[nodiscard]] ReportData report_data_of(NodeKeys const& keys);

/// SHA-384 of the launch receipt's exact bytes; 16 zeros. (mpc-launcher.)
[[nodiscard]] ReportData report_data_of_receipt(std::string_view receipt);

}  // namespace mpc::attestation
