// What Intel publishes for judging quotes, as it travels: chains, CRLs, signed JSON. Parsed, not believed.
#pragma once

#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "json/json.h"

namespace mpc::attestation {

/// A text, the signature over its exact bytes, and the certificate of who signed it: signer, root.
struct SignedText {
    std::string text;
    crypto::P256Signature signature;
    std::vector<crypto::Certificate> chain;
};

struct Collateral {
    std::vector<crypto::Certificate> pck_crl_chain;  ///< PCK CA, root
    crypto::RevocationList root_crl;
    crypto::RevocationList pck_crl;
    SignedText tcb_info;
    SignedText qe_identity;

    /// A collateral as dcap-qvl and near/mpc write it (QuoteCollateralV3). Binary members are hex or lists of byte
    /// values; CRLs are DER. `pck_certificate_chain` may be there and is not read: a quote brings its own. At most 1
    /// MiB and 32 levels of nesting. Errors: Invalid, with the member.
    static Result<Collateral> parse(std::string_view text);
    static Result<Collateral> parse(json::Object const& object);
};

}  // namespace mpc::attestation
