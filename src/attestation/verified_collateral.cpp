// The checks of the collateral, in the order of the report. The clause that each proves is beside its CheckId in
// check.cpp.
#include "attestation/verified_collateral.h"

#include <algorithm>

#include "base/log.h"

namespace mpc::attestation {

namespace {
/// The collateral's three chains end in the trusted root, byte for byte (pinned Intel SGX Root CA).
bool check_root_pinned(Checklist& checks, Collateral const& collateral, TrustRoot const& root)
{
    bool all = true;
    std::string found = to_hex(root.fingerprint());
    for (auto const* chain : { &collateral.pck_crl_chain, &collateral.tcb_info.chain, &collateral.qe_identity.chain }) {
        if (!root.is(chain->back())) {
            all = false;
            found = to_hex(chain->back().fingerprint());
        }
    }
    return checks.record(CheckId::RootPinned, all, "SHA-256 " + found, "SHA-256 " + to_hex(root.fingerprint()));
}

/// The signature is over the text's exact bytes: another spelling of the same JSON is another text.
bool check_text_signature(Checklist& checks, CheckId id, SignedText const& text)
{
    checks.count_signature();
    bool const holds = text.chain.front().key().verifies(as_bytes(text.text), text.signature);
    return checks.record(id, holds, holds ? "signed by its signer" : "not signed by its signer",
        "signed by its signer");
}

/// issueDate <= now <= nextUpdate.
bool check_issue_current(Checklist& checks, CheckId id, Issue const& issue, crypto::Time now)
{
    return checks.record(id, issue.issued <= now && now <= issue.next_update,
        crypto::to_text(issue.issued) + " to " + crypto::to_text(issue.next_update),
        "a period with " + crypto::to_text(now));
}
/// TCB Info is for TDX: id TDX, version 3, tcbType 0.
bool check_tcb_info_kind(Checklist& checks, TcbInfo const& info)
{
    return checks.record(CheckId::TcbInfoKind, info.id == "TDX" && info.version == 3 && info.tcb_type == 0,
        "id " + printable(info.id, 20) + ", version " + std::to_string(info.version) + ", tcbType "
            + std::to_string(info.tcb_type),
        "id TDX, version 3, tcbType 0");
}
/// The QE identity is of the TDX quoting enclave: id TD_QE, version 2.
bool check_qe_identity_kind(Checklist& checks, QeIdentity const& identity)
{
    return checks.record(CheckId::QeIdentityKind, identity.id == "TD_QE" && identity.version == 2,
        "id " + printable(identity.id, 20) + ", version " + std::to_string(identity.version), "id TD_QE, version 2");
}

/// The value of a parser's result when it is one; the check of its form either way.
template <typename T>
std::optional<T> check_format(Checklist& checks, CheckId id, Result<T> parsed)
{
    if (!checks.record(id, parsed.ok(), parsed.ok() ? "well formed" : parsed.error().message(), "well formed"))
        return std::nullopt;
    return std::move(parsed).value();
}

}  // namespace

VerifiedCollateral VerifiedCollateral::verify(Collateral const& collateral, TrustRoot const& root, crypto::Time now)
{
    VerifiedCollateral verified(root, now);
    if (verified.judge_root(collateral)) {
        verified.judge_pck_ca(collateral);
        verified.judge_tcb_info(collateral.tcb_info);
        verified.judge_qe_identity(collateral.qe_identity);
    }
    return verified;
}

bool VerifiedCollateral::judge_root(Collateral const& collateral)
{
    if (!check_root_pinned(m_checks, collateral, m_trust_root))
        return false;
    m_root = collateral.pck_crl_chain.back();
    check_validity(m_checks, CheckId::RootValidity, *m_root, m_time);
    add_window(WindowKind::Certificate, "root certificate", m_root->validity());
    check_crl_current(m_checks, CheckId::RootCrlCurrent, collateral.root_crl, m_time);
    if (check_crl_signature(m_checks, CheckId::RootCrlSignature, collateral.root_crl, *m_root)) {
        m_root_crl = collateral.root_crl;
        add_window("root CRL", *m_root_crl);
    }
    judge_revocation(CheckId::RootNotRevoked, *m_root);
    return true;
}

void VerifiedCollateral::judge_pck_ca(Collateral const& collateral)
{
    auto const& ca = collateral.pck_crl_chain.front();
    bool const role = check_role(m_checks, CheckId::PckCaRole, ca, Role::PckCa, *m_root);
    check_validity(m_checks, CheckId::PckCaValidity, ca, m_time);
    check_crl_current(m_checks, CheckId::PckCrlCurrent, collateral.pck_crl, m_time);
    if (!check_certificate_signature(m_checks, CheckId::PckCaSignature, ca, *m_root, m_known) || !role)
        return;
    m_pck_ca = ca;
    add_window(WindowKind::Certificate, "PCK CA certificate", ca.validity());
    judge_revocation(CheckId::PckCaNotRevoked, ca);
    if (!check_crl_signature(m_checks, CheckId::PckCrlSignature, collateral.pck_crl, ca))
        return;
    m_pck_crl = collateral.pck_crl;
    add_window("PCK CRL", *m_pck_crl);
}

bool VerifiedCollateral::judge_signed_text(SignedText const& text, SignedTextChecks const& ids)
{
    auto const& signer = text.chain.front();
    bool const role = check_role(m_checks, ids.role, signer, Role::TcbSigner, *m_root);
    check_validity(m_checks, ids.validity, signer, m_time);
    if (!check_certificate_signature(m_checks, ids.certificate, signer, *m_root, m_known) || !role)
        return false;
    judge_revocation(ids.revocation, signer);
    if (!check_text_signature(m_checks, ids.signature, text))
        return false;
    add_window(WindowKind::Certificate, std::string(ids.what) + " signer's certificate", signer.validity());
    return true;
}

void VerifiedCollateral::judge_tcb_info(SignedText const& text)
{
    static constexpr SignedTextChecks ids { "TCB Info", CheckId::TcbSignerRole, CheckId::TcbSignerSignature,
        CheckId::TcbSignerValidity, CheckId::TcbSignerNotRevoked, CheckId::TcbInfoSignature, CheckId::TcbInfoFormat,
        CheckId::TcbInfoKind, CheckId::TcbInfoCurrent };
    if (!judge_signed_text(text, ids))
        return;
    auto info = check_format(m_checks, ids.format, parse_tcb_info(text.text));
    if (!info)
        return;
    judge_current(ids, info->issue);
    if (check_tcb_info_kind(m_checks, *info))
        m_tcb_info = std::move(info);
}

void VerifiedCollateral::judge_qe_identity(SignedText const& text)
{
    static constexpr SignedTextChecks ids { "QE identity", CheckId::QeSignerRole, CheckId::QeSignerSignature,
        CheckId::QeSignerValidity, CheckId::QeSignerNotRevoked, CheckId::QeIdentitySignature, CheckId::QeIdentityFormat,
        CheckId::QeIdentityKind, CheckId::QeIdentityCurrent };
    if (!judge_signed_text(text, ids))
        return;
    auto identity = check_format(m_checks, ids.format, parse_qe_identity(text.text));
    if (!identity)
        return;
    judge_current(ids, identity->issue);
    if (check_qe_identity_kind(m_checks, *identity))
        m_qe_identity = std::move(identity);
}

void VerifiedCollateral::judge_current(SignedTextChecks const& ids, Issue const& issue)
{
    check_issue_current(m_checks, ids.current, issue, m_time);
    add_window(WindowKind::SignedText, ids.what, { issue.issued, issue.next_update });
}

/// Without an authentic root CRL nobody can say who is revoked: the check stays unsettled, and nothing is trusted.
void VerifiedCollateral::judge_revocation(CheckId id, crypto::Certificate const& certificate)
{
    if (m_root_crl)
        check_not_revoked(m_checks, id, certificate, *m_root_crl);
}

void VerifiedCollateral::add_window(WindowKind kind, std::string what, crypto::Validity validity)
{
    m_windows.push_back({ kind, std::move(what), validity.from, validity.until });
}

/// At nextUpdate a newer list exists: the second before is the last one.
void VerifiedCollateral::add_window(std::string what, crypto::RevocationList const& list)
{
    auto const validity = list.validity();
    add_window(WindowKind::RevocationList, std::move(what),
        { validity.from, validity.until - std::chrono::seconds(1) });
}

}  // namespace mpc::attestation
