// What can be wrong with the collateral.
#include "simulator/defect_tools.h"

namespace mpc::simulator {

namespace {

using attestation::CheckId;

/// A certificate made with a change, for one place; the CRLs name revoked_serial.
template <auto Change>
Result<std::string> reissued(AttestedNode const& node, CertificateSpec spec)
{
    Change(node, spec);
    return pem_of(TRY(issue_certificate(spec)));
}

/// The PCK CA of the collateral (not of the quote), made with a change.
template <auto Change>
Result<Exhibit> with_pck_ca(AttestedNode const& sound)
{
    auto node = sound;
    node.root_crl.revoked = { revoked_serial };
    auto shown = TRY(node.exhibit());
    shown.collateral.pck_crl_issuer_chain = TRY(reissued<Change>(node, node.pck_ca)) + pem_of(shown.root);
    return shown;
}

/// The signer of one of the two texts, made with a change.
template <auto Chain, auto Change>
Result<Exhibit> with_signer(AttestedNode const& sound)
{
    auto node = sound;
    node.root_crl.revoked = { revoked_serial };
    auto shown = TRY(node.exhibit());
    shown.collateral.*Chain = TRY(reissued<Change>(node, node.tcb_signer)) + pem_of(shown.root);
    return shown;
}
template <auto Change>
Result<Exhibit> with_tcb_signer(AttestedNode const& node)
{
    return with_signer<&PublishedCollateral::tcb_info_issuer_chain, Change>(node);
}
template <auto Change>
Result<Exhibit> with_qe_signer(AttestedNode const& node)
{
    return with_signer<&PublishedCollateral::qe_identity_issuer_chain, Change>(node);
}

/// The PCK, which its platform's owner has in his hands, in the place of Intel's signer: a hole of published verifiers.
template <auto Chain, auto Text, auto Signature>
Result<Exhibit> signed_by_the_pck(AttestedNode const& node)
{
    auto const certificates = TRY(node.issue());
    auto shown = TRY(node.exhibit());
    shown.collateral.*Chain = pem_of(certificates.pck) + pem_of(certificates.root);
    shown.collateral.*Signature = TRY(node.pck.key.sign(as_bytes(shown.collateral.*Text)));
    return shown;
}

/// All chains of the collateral end in another root of the same name and key.
Result<Exhibit> with_another_root(AttestedNode const& node)
{
    auto shown = TRY(node.exhibit());
    auto another = node.root;
    another.serial = 99;
    auto certificates = TRY(node.issue());
    certificates.root = TRY(issue_certificate(another));
    shown.collateral = TRY(node.publish(certificates));
    return shown;
}

Result<Exhibit> with_chain_reversed(AttestedNode const& node)
{
    auto shown = TRY(node.exhibit());
    shown.collateral.tcb_info_issuer_chain = pem_of(shown.root) + pem_of(TRY(node.issue()).tcb_signer);
    return shown;
}

/// A text under a signature that a stranger made.
template <auto Text, auto Signature>
Result<Exhibit> signed_by_a_stranger(AttestedNode const& node)
{
    auto shown = TRY(node.exhibit());
    shown.collateral.*Signature = TRY(stranger().sign(as_bytes(shown.collateral.*Text)));
    return shown;
}

/// TCB Info as it would be with one part of its text replaced, signed.
constexpr auto tcb_info_with = [](AttestedNode& node, std::string const& part, std::string const& other) {
    node.edit_tcb_info = [part, other](std::string text) { return replaced(std::move(text), part, other); };
};

// The changes that several certificates share.
constexpr auto by_a_stranger = [](AttestedNode const&, CertificateSpec& spec) { spec.signer = stranger(); };
constexpr auto ended = [](AttestedNode const& node, CertificateSpec& spec) { spec.until = node.now - second; };
constexpr auto not_begun = [](AttestedNode const& node, CertificateSpec& spec) { spec.from = node.now + second; };
constexpr auto revoked = [](AttestedNode const&, CertificateSpec& spec) { spec.serial = revoked_serial; };
constexpr auto not_for_signing = [](AttestedNode const&, CertificateSpec& spec) {
    spec.key_usage = "critical,keyAgreement";
};

constexpr Defect table[] = {
    { "root-other", CheckId::RootPinned, "", "collateral's chains end in another root", with_another_root },
    { "tcb-info-chain-reversed", CheckId::RootPinned, "", "TCB Info's issuer chain has the root first",
        with_chain_reversed },
    { "root-expired", CheckId::RootValidity, "", "root certificate ended a second ago",
        edited<[](AttestedNode& node) { node.root.until = node.now - second; }> },
    { "root-not-begun", CheckId::RootValidity, "", "root certificate begins in a second",
        edited<[](AttestedNode& node) { node.root.from = node.now + second; }> },
    { "root-crl-by-a-stranger", CheckId::RootCrlSignature, "", "root CRL is signed by another key",
        edited<[](AttestedNode& node) { node.root_crl.signer = stranger(); }> },
    { "root-crl-of-another-issuer", CheckId::RootCrlSignature, "", "root CRL names the PCK CA as its issuer",
        edited<[](AttestedNode& node) { node.root_crl.issuer_name = node.pck_ca.common_name; }> },
    { "root-crl-is-the-pck-crl", CheckId::RootCrlSignature, "", "root CRL is the PCK CA's list",
        tampered<[](Exhibit& shown) { shown.collateral.root_ca_crl = shown.collateral.pck_crl; }> },
    { "root-crl-expired", CheckId::RootCrlCurrent, "", "root CRL's successor is due this very second",
        edited<[](AttestedNode& node) { node.root_crl.until = node.now; }> },
    { "root-crl-not-begun", CheckId::RootCrlCurrent, "", "root CRL is of a second from now",
        edited<[](AttestedNode& node) { node.root_crl.from = node.now + second; }> },
    { "root-revoked", CheckId::RootNotRevoked, "", "root CRL revokes the root",
        edited<[](AttestedNode& node) { node.root_crl.revoked = { node.root.serial }; }> },

    { "pck-ca-not-a-ca", CheckId::PckCaRole, "", "collateral's PCK CA is no certificate authority",
        with_pck_ca<[](AttestedNode const&, CertificateSpec& spec) { spec.certificate_authority = false; }> },
    { "pck-ca-renamed", CheckId::PckCaRole, "", "collateral's PCK CA has the TCB signer's name",
        with_pck_ca<[](AttestedNode const& node, CertificateSpec& spec) {
            spec.common_name = node.tcb_signer.common_name;
        }> },
    { "pck-ca-by-a-stranger", CheckId::PckCaSignature, "", "collateral's PCK CA is signed by another key",
        with_pck_ca<by_a_stranger> },
    { "pck-ca-expired", CheckId::PckCaValidity, "", "collateral's PCK CA ended a second ago", with_pck_ca<ended> },
    { "pck-ca-not-begun", CheckId::PckCaValidity, "", "collateral's PCK CA begins in a second",
        with_pck_ca<not_begun> },
    { "pck-ca-revoked", CheckId::PckCaNotRevoked, "", "root CRL revokes the collateral's PCK CA",
        with_pck_ca<revoked> },
    { "pck-crl-by-a-stranger", CheckId::PckCrlSignature, "", "PCK CRL is signed by another key",
        edited<[](AttestedNode& node) { node.pck_crl.signer = stranger(); }> },
    { "pck-crl-is-the-root-crl", CheckId::PckCrlSignature, "", "PCK CRL is the root's list",
        tampered<[](Exhibit& shown) { shown.collateral.pck_crl = shown.collateral.root_ca_crl; }> },
    { "pck-crl-expired", CheckId::PckCrlCurrent, "", "PCK CRL's successor is due this very second",
        edited<[](AttestedNode& node) { node.pck_crl.until = node.now; }> },
    { "pck-crl-not-begun", CheckId::PckCrlCurrent, "", "PCK CRL is of a second from now",
        edited<[](AttestedNode& node) { node.pck_crl.from = node.now + second; }> },

    { "tcb-signer-not-for-signing", CheckId::TcbSignerRole, "", "TCB Info signer's certificate is for key agreement",
        with_tcb_signer<not_for_signing> },
    { "tcb-signer-is-the-pck", CheckId::TcbSignerRole, "", "TCB Info is signed by the platform's own PCK",
        signed_by_the_pck<&PublishedCollateral::tcb_info_issuer_chain, &PublishedCollateral::tcb_info,
            &PublishedCollateral::tcb_info_signature> },
    { "tcb-signer-by-a-stranger", CheckId::TcbSignerSignature, "", "TCB Info signer's certificate is by another key",
        with_tcb_signer<by_a_stranger> },
    { "tcb-signer-expired", CheckId::TcbSignerValidity, "", "TCB Info signer's certificate ended a second ago",
        with_tcb_signer<ended> },
    { "tcb-signer-not-begun", CheckId::TcbSignerValidity, "", "TCB Info signer's certificate begins in a second",
        with_tcb_signer<not_begun> },
    { "tcb-signer-revoked", CheckId::TcbSignerNotRevoked, "", "root CRL revokes the TCB Info signer",
        with_tcb_signer<revoked> },
    { "tcb-info-respelled", CheckId::TcbInfoSignature, "", "TCB Info has a space more than what was signed",
        tampered<[](Exhibit& shown) { shown.collateral.tcb_info.insert(1, " "); }> },
    { "tcb-info-signature-flipped", CheckId::TcbInfoSignature, "", "TCB Info's signature has a flipped bit",
        tampered<[](Exhibit& shown) { shown.collateral.tcb_info_signature.bytes[5] ^= 1; }> },
    { "tcb-info-signature-zero", CheckId::TcbInfoSignature, "", "TCB Info's signature is all zeros",
        tampered<[](Exhibit& shown) { shown.collateral.tcb_info_signature.bytes.fill(0); }> },
    { "tcb-info-by-a-stranger", CheckId::TcbInfoSignature, "", "TCB Info is signed by another key",
        signed_by_a_stranger<&PublishedCollateral::tcb_info, &PublishedCollateral::tcb_info_signature> },
    { "tcb-info-is-the-qe-identity", CheckId::TcbInfoFormat, "",
        "TCB Info is the QE identity, which has the same signer", tampered<[](Exhibit& shown) {
            shown.collateral.tcb_info = shown.collateral.qe_identity;
            shown.collateral.tcb_info_signature = shown.collateral.qe_identity_signature;
        }> },
    { "tcb-info-malformed", CheckId::TcbInfoFormat, "", "TCB Info is signed, but not JSON",
        edited<[](AttestedNode& node) { node.edit_tcb_info = [](std::string text) { return text + "}"; }; }> },
    { "tcb-info-svn-256", CheckId::TcbInfoFormat, "", "TCB Info has a component that does not fit a byte",
        edited<[](AttestedNode& node) { node.tcb_info.levels[0].sgx[0] = 256; }> },
    { "tcb-info-15-components", CheckId::TcbInfoFormat, "", "TCB Info has a level of 15 components",
        edited<[](AttestedNode& node) {
            tcb_info_with(node, R"("sgxtcbcomponents":[{"svn":4},)", R"("sgxtcbcomponents":[)");
        }> },
    { "tcb-info-unknown-status", CheckId::TcbInfoFormat, "", "TCB Info has a status that Intel does not give",
        edited<[](AttestedNode& node) { node.tcb_info.levels[0].status = "Fine"; }> },
    { "tcb-info-no-such-date", CheckId::TcbInfoFormat, "", "TCB Info was issued on the 30th of February",
        edited<[](AttestedNode& node) { node.tcb_info.issue_date = "2026-02-30T00:00:00Z"; }> },
    { "tcb-info-deep", CheckId::TcbInfoFormat, "", "TCB Info nests to a depth of a hundred",
        edited<[](AttestedNode& node) {
            tcb_info_with(node, "{", R"({"x":)" + std::string(100, '[') + std::string(100, ']') + ",");
        }> },
    { "tcb-info-module-twice", CheckId::TcbInfoFormat, "", "TCB Info has a TDX module twice",
        edited<[](AttestedNode& node) { node.tcb_info.modules.push_back(node.tcb_info.modules[0]); }> },
    { "tcb-info-level-twice", CheckId::TcbInfoFormat, "", "TCB Info has one level with two statuses",
        edited<[](AttestedNode& node) {
            node.tcb_info.levels.push_back(node.tcb_info.levels[0]);
            node.tcb_info.levels[0].status = "OutOfDate";
        }> },
    { "tcb-info-member-twice", CheckId::TcbInfoFormat, "", "TCB Info has a member twice",
        edited<[](AttestedNode& node) {
            node.edit_tcb_info = [](std::string text) { return text.insert(1, R"("id":"TDX",)"); };
        }> },
    { "tcb-info-of-sgx", CheckId::TcbInfoKind, "", "TCB Info is of SGX",
        edited<[](AttestedNode& node) { node.tcb_info.id = "SGX"; }> },
    { "tcb-info-version", CheckId::TcbInfoKind, "", "TCB Info is of version 4",
        edited<[](AttestedNode& node) { node.tcb_info.version = 4; }> },
    { "tcb-info-type", CheckId::TcbInfoKind, "", "TCB Info is of another way to compare (tcbType 1)",
        edited<[](AttestedNode& node) { node.tcb_info.tcb_type = 1; }> },
    { "tcb-info-expired", CheckId::TcbInfoCurrent, "", "TCB Info's successor was due a second ago",
        edited<[](AttestedNode& node) { node.tcb_info.next_update = crypto::to_text(node.now - second); }> },
    { "tcb-info-not-begun", CheckId::TcbInfoCurrent, "", "TCB Info is of a second from now",
        edited<[](AttestedNode& node) { node.tcb_info.issue_date = crypto::to_text(node.now + second); }> },

    { "qe-signer-not-for-signing", CheckId::QeSignerRole, "", "QE identity signer's certificate is for key agreement",
        with_qe_signer<not_for_signing> },
    { "qe-signer-is-the-pck", CheckId::QeSignerRole, "", "QE identity is signed by the platform's own PCK",
        signed_by_the_pck<&PublishedCollateral::qe_identity_issuer_chain, &PublishedCollateral::qe_identity,
            &PublishedCollateral::qe_identity_signature> },
    { "qe-signer-by-a-stranger", CheckId::QeSignerSignature, "", "QE identity signer's certificate is by another key",
        with_qe_signer<by_a_stranger> },
    { "qe-signer-expired", CheckId::QeSignerValidity, "", "QE identity signer's certificate ended a second ago",
        with_qe_signer<ended> },
    { "qe-signer-not-begun", CheckId::QeSignerValidity, "", "QE identity signer's certificate begins in a second",
        with_qe_signer<not_begun> },
    { "qe-signer-revoked", CheckId::QeSignerNotRevoked, "", "root CRL revokes the QE identity signer",
        with_qe_signer<revoked> },
    { "qe-identity-respelled", CheckId::QeIdentitySignature, "", "QE identity has a space more than what was signed",
        tampered<[](Exhibit& shown) { shown.collateral.qe_identity.insert(1, " "); }> },
    { "qe-identity-signature-flipped", CheckId::QeIdentitySignature, "", "QE identity's signature has a flipped bit",
        tampered<[](Exhibit& shown) { shown.collateral.qe_identity_signature.bytes[5] ^= 1; }> },
    { "qe-identity-by-a-stranger", CheckId::QeIdentitySignature, "", "QE identity is signed by another key",
        signed_by_a_stranger<&PublishedCollateral::qe_identity, &PublishedCollateral::qe_identity_signature> },
    { "qe-identity-malformed", CheckId::QeIdentityFormat, "", "QE identity is signed, but has a negative number",
        edited<[](AttestedNode& node) {
            node.edit_qe_identity = [](std::string text) {
                return replaced(std::move(text), "\"isvprodid\":", "\"isvprodid\":-");
            };
        }> },
    { "qe-identity-of-sgx", CheckId::QeIdentityKind, "", "QE identity is of the SGX enclave",
        edited<[](AttestedNode& node) { node.qe_identity.id = "QE"; }> },
    { "qe-identity-version", CheckId::QeIdentityKind, "", "QE identity is of version 3",
        edited<[](AttestedNode& node) { node.qe_identity.version = 3; }> },
    { "qe-identity-expired", CheckId::QeIdentityCurrent, "", "QE identity's successor was due a second ago",
        edited<[](AttestedNode& node) { node.qe_identity.next_update = crypto::to_text(node.now - second); }> },
    { "qe-identity-not-begun", CheckId::QeIdentityCurrent, "", "QE identity is of a second from now",
        edited<[](AttestedNode& node) { node.qe_identity.issue_date = crypto::to_text(node.now + second); }> },
};

}  // namespace

std::span<Defect const> collateral_defects() { return table; }

}  // namespace mpc::simulator
