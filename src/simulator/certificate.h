// Certificates and CRLs of the simulated PKI, like Intel's, each of which can be made wrong in one way.
#pragma once

#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "simulator/signing_key.h"

namespace mpc::simulator {

struct CertificateSpec {
    std::string common_name;
    std::string issuer_name;
    SigningKey key;
    SigningKey signer;
    crypto::Time from {};
    crypto::Time until {};
    long serial = 1;
    bool certificate_authority = false;
    std::string key_usage = "critical,digitalSignature,nonRepudiation";  ///< as openssl.cnf writes it
    Bytes sgx_extension {};
    int sgx_extension_count = 1;    ///< how often it is there, when it is
    std::string digest = "SHA256";  ///< of its signature
};

struct CrlSpec {
    std::string issuer_name;
    SigningKey signer;
    crypto::Time from {};
    crypto::Time until {};
    std::vector<long> revoked {};
    bool has_number = true;
    bool is_delta = false;
};

/// The certificate as DER; the same bytes for the same specification. Every name says that it is SIMULATED.
/// Errors: Internal (a name, usage or digest that OpenSSL does not take).
[[nodiscard]] Result<Bytes> issue_certificate(CertificateSpec const& spec);
/// The CRL as DER; the same bytes for the same specification. Errors: Internal.
[[nodiscard]] Result<Bytes> issue_crl(CrlSpec const& spec);

/// One PEM certificate.
[[nodiscard]] std::string pem_of(ByteView certificate);

}  // namespace mpc::simulator
