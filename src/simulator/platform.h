// A simulated platform and the authority over it: the certificates that vouch for it, and what is published about it.
#pragma once

#include <functional>

#include "simulator/certificate.h"
#include "simulator/collateral.h"
#include "simulator/sgx_extension.h"
#include "simulator/signed_texts.h"

namespace mpc::simulator {

/// Certificates as DER. Issued once and used everywhere, as with real platforms.
struct IssuedCertificates {
    Bytes root, pck_ca, tcb_signer, pck;

    /// PEM of PCK, PCK CA and root, as a quote has it.
    [[nodiscard]] std::string pck_chain() const;
};

/// Plain specifications: change any, then issue and publish; everything else is signed to fit. Keys, and with them
/// certificates, come from the seed alone: the root of a seed is always the same file.
struct Platform {
    /// Certificates are valid from 2020 to 2049; the collateral is issued an hour before `now`.
    Platform(Seed const& seed, crypto::Time now);

    /// Dates TCB Info, QE identity and both CRLs: current from then on for 30 days, as Intel's.
    void issue_collateral_at(crypto::Time time);

    /// Errors: Internal.
    [[nodiscard]] Result<IssuedCertificates> issue() const;
    /// Errors: Internal.
    [[nodiscard]] Result<PublishedCollateral> publish(IssuedCertificates const& certificates) const;

    CertificateSpec root, pck_ca, tcb_signer;
    CertificateSpec pck;  ///< gets `sgx_extension` unless it has an extension of its own
    SgxExtensionSpec sgx_extension {};
    CrlSpec root_crl, pck_crl;
    TcbInfoSpec tcb_info {};
    QeIdentitySpec qe_identity {};
    std::function<std::string(std::string)> edit_tcb_info {};  ///< before it is signed
    std::function<std::string(std::string)> edit_qe_identity {};
    SigningKey attestation_key;  ///< of the quoting enclave
};

}  // namespace mpc::simulator
