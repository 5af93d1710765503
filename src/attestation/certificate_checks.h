// The checks that every certificate and every CRL of the attestation PKI goes through.
#pragma once

#include <vector>

#include "attestation/check.h"
#include "crypto/certificate.h"

namespace mpc::attestation {

/// What a certificate is there for, told by its common name, its place and its usage.
enum class Role {
    PckCa,      ///< "Intel SGX PCK Platform CA" or "... Processor CA": signs PCKs and their CRL
    TcbSigner,  ///< "Intel SGX TCB Signing": signs TCB Info and QE identity
    Pck,        ///< "Intel SGX PCK Certificate": the platform's own key, signs the QE's report
};

/// Certificates whose signatures were verified already, so that none is verified twice.
class KnownSignatures {
public:
    [[nodiscard]] bool contains(crypto::Certificate const& certificate, crypto::P256Key const& issuer) const;
    void add(crypto::Certificate const& certificate, crypto::P256Key const& issuer);

private:
    std::vector<std::pair<crypto::Certificate, crypto::P256Key>> m_known;
};

/// Exact common name, issued by `issuer` by name, and the usage of its role: a PCK must not pass for a TCB signer.
bool check_role(Checklist& checks, CheckId id, crypto::Certificate const& certificate, Role role,
    crypto::Certificate const& issuer);

/// The issuer's key signed the certificate.
bool check_certificate_signature(Checklist& checks, CheckId id, crypto::Certificate const& certificate,
    crypto::Certificate const& issuer, KnownSignatures& known);

/// notBefore <= now <= notAfter.
bool check_validity(Checklist& checks, CheckId id, crypto::Certificate const& certificate, crypto::Time now);

/// The CRL does not list the certificate.
bool check_not_revoked(Checklist& checks, CheckId id, crypto::Certificate const& certificate,
    crypto::RevocationList const& list);

/// The CRL is the issuer's: by name and by signature.
bool check_crl_signature(Checklist& checks, CheckId id, crypto::RevocationList const& list,
    crypto::Certificate const& issuer);

/// thisUpdate <= now < nextUpdate: at nextUpdate a newer list exists.
bool check_crl_current(Checklist& checks, CheckId id, crypto::RevocationList const& list, crypto::Time now);

}  // namespace mpc::attestation
