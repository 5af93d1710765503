#include "simulator/platform.h"

namespace mpc::simulator {

namespace {

constexpr char const* root_name = "SIMULATED SGX Root CA";
// Verifiers know these by their exact names.
constexpr char const* pck_ca_name = "Intel SGX PCK Platform CA";
constexpr char const* tcb_signer_name = "Intel SGX TCB Signing";
constexpr char const* pck_name = "Intel SGX PCK Certificate";

constexpr crypto::Time certificates_from = std::chrono::sys_days(std::chrono::January / 1 / 2020);
constexpr crypto::Time certificates_until =
    std::chrono::sys_days(std::chrono::December / 31 / 2049) + std::chrono::seconds(86399);
constexpr std::chrono::days collateral_period(30);

CertificateSpec certificate(Seed const& seed, char const* name, char const* issuer, long serial)
{
    return { .common_name = name,
        .issuer_name = issuer,
        .key = SigningKey::of(seed, name),
        .signer = SigningKey::of(seed, issuer),
        .from = certificates_from,
        .until = certificates_until,
        .serial = serial };
}

CertificateSpec authority(Seed const& seed, char const* name, char const* issuer, long serial)
{
    auto spec = certificate(seed, name, issuer, serial);
    spec.certificate_authority = true;
    spec.key_usage = "critical,keyCertSign,cRLSign";
    return spec;
}

}  // namespace

std::string IssuedCertificates::pck_chain() const { return pem_of(pck) + pem_of(pck_ca) + pem_of(root); }

Platform::Platform(Seed const& seed, crypto::Time now)
    : root(authority(seed, root_name, root_name, 1)), pck_ca(authority(seed, pck_ca_name, root_name, 2)),
      tcb_signer(certificate(seed, tcb_signer_name, root_name, 3)), pck(certificate(seed, pck_name, pck_ca_name, 4)),
      root_crl { .issuer_name = root_name, .signer = root.key },
      pck_crl { .issuer_name = pck_ca_name, .signer = pck_ca.key },
      attestation_key(SigningKey::of(seed, "attestation key"))
{
    issue_collateral_at(now - std::chrono::hours(1));
}

void Platform::issue_collateral_at(crypto::Time time)
{
    auto const end = time + collateral_period;
    root_crl.from = pck_crl.from = time;
    root_crl.until = pck_crl.until = end;
    tcb_info.issue_date = qe_identity.issue_date = crypto::to_text(time);
    tcb_info.next_update = qe_identity.next_update = crypto::to_text(end);
}

Result<IssuedCertificates> Platform::issue() const
{
    auto leaf = pck;
    if (leaf.sgx_extension.empty())
        leaf.sgx_extension = der_of(sgx_extension);
    IssuedCertificates issued;
    issued.root = TRY(issue_certificate(root));
    issued.pck_ca = TRY(issue_certificate(pck_ca));
    issued.tcb_signer = TRY(issue_certificate(tcb_signer));
    issued.pck = TRY(issue_certificate(leaf));
    return issued;
}

Result<PublishedCollateral> Platform::publish(IssuedCertificates const& certificates) const
{
    auto const signer_chain = pem_of(certificates.tcb_signer) + pem_of(certificates.root);
    PublishedCollateral collateral;
    collateral.pck_crl_issuer_chain = pem_of(certificates.pck_ca) + pem_of(certificates.root);
    collateral.root_ca_crl = TRY(issue_crl(root_crl));
    collateral.pck_crl = TRY(issue_crl(pck_crl));
    collateral.tcb_info_issuer_chain = collateral.qe_identity_issuer_chain = signer_chain;
    collateral.tcb_info = edit_tcb_info ? edit_tcb_info(json_of(tcb_info)) : json_of(tcb_info);
    collateral.tcb_info_signature = TRY(tcb_signer.key.sign(as_bytes(collateral.tcb_info)));
    collateral.qe_identity = edit_qe_identity ? edit_qe_identity(json_of(qe_identity)) : json_of(qe_identity);
    collateral.qe_identity_signature = TRY(tcb_signer.key.sign(as_bytes(collateral.qe_identity)));
    return collateral;
}

}  // namespace mpc::simulator
