// A collateral as Intel's service publishes it and others hand it on: bytes and texts, not judged.
#pragma once

#include "attestation/collateral.h"

namespace mpc::simulator {

/// How binary members are written: a file has hex, a node's public data lists of numbers.
enum class BinaryForm { Hex, Numbers };

/// Bytes as a JSON value.
[[nodiscard]] json::Value json_of(ByteView bytes, BinaryForm form);

struct PublishedCollateral {
    std::string pck_crl_issuer_chain;  ///< PEM, the issuer first
    Bytes root_ca_crl;                 ///< DER
    Bytes pck_crl;                     ///< DER
    std::string tcb_info_issuer_chain;
    std::string tcb_info;
    crypto::P256Signature tcb_info_signature;
    std::string qe_identity_issuer_chain;
    std::string qe_identity;
    crypto::P256Signature qe_identity_signature;
};

/// QuoteCollateralV3 of dcap-qvl, as attestation::Collateral::parse() reads it.
[[nodiscard]] json::Object json_of(PublishedCollateral const& collateral, BinaryForm form);

}  // namespace mpc::simulator
