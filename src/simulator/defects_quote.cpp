// What can be wrong with the PCK, the quoting enclave and the quote.
#include <algorithm>

#include "simulator/defect_tools.h"

namespace mpc::simulator {

namespace {

using attestation::CheckId;

/// The PCK CA of the quote (not of the collateral), made with a change.
template <auto Change>
Result<Exhibit> with_issuer(AttestedNode const& sound)
{
    auto node = sound;
    node.root_crl.revoked = { revoked_serial };
    auto shown = TRY(node.exhibit());
    auto certificates = TRY(node.issue());
    auto spec = node.pck_ca;
    Change(node, spec);
    certificates.pck_ca = TRY(issue_certificate(spec));
    shown.pck_chain = certificates.pck_chain();
    shown.quote = TRY(node.quote_with(shown.pck_chain));
    return shown;
}

/// The quote's chain ends in another root of the same name and key.
Result<Exhibit> with_another_root(AttestedNode const& node)
{
    auto shown = TRY(node.exhibit());
    auto certificates = TRY(node.issue());
    auto another = node.root;
    another.serial = 99;
    certificates.root = TRY(issue_certificate(another));
    shown.pck_chain = certificates.pck_chain();
    shown.quote = TRY(node.quote_with(shown.pck_chain));
    return shown;
}

/// A collateral of a processor CA, which says nothing of a PCK of the platform CA.
Result<Exhibit> with_crl_of_another_ca(AttestedNode const& sound)
{
    auto node = sound;
    auto shown = TRY(node.exhibit());
    node.pck_ca.common_name = node.pck_crl.issuer_name = "Intel SGX PCK Processor CA";
    node.pck_ca.key = node.pck_crl.signer = stranger();
    shown.collateral.pck_crl_issuer_chain = pem_of(TRY(issue_certificate(node.pck_ca))) + pem_of(shown.root);
    shown.collateral.pck_crl = TRY(issue_crl(node.pck_crl));
    return shown;
}

/// What a host can do that has a genuine quote: its own key, and a genuine signature of that key over anything.
Result<Exhibit> with_a_strangers_attestation_key(AttestedNode const& node)
{
    auto shown = TRY(node.exhibit());
    auto const at = QuoteOffsets::of(node.quote.shape);
    auto const signature = TRY(stranger().sign(ByteView(shown.quote).first(at.section_size)));
    auto const signature_at = shown.quote.begin() + static_cast<std::ptrdiff_t>(at.signature);
    std::ranges::copy(TRY(stranger().point()), std::ranges::copy(signature.bytes, signature_at).out);
    return shown;
}

constexpr Defect table[] = {
    { "pck-root-other", CheckId::PckRootPinned, "", "quote's chain ends in another root", with_another_root },
    { "pck-issuer-not-a-ca", CheckId::PckIssuerRole, "", "PCK's issuer is no certificate authority",
        with_issuer<[](AttestedNode const&, CertificateSpec& spec) { spec.certificate_authority = false; }> },
    { "pck-issuer-by-a-stranger", CheckId::PckIssuerSignature, "", "PCK's issuer is signed by another key",
        with_issuer<[](AttestedNode const&, CertificateSpec& spec) { spec.signer = stranger(); }> },
    { "pck-issuer-expired", CheckId::PckIssuerValidity, "", "PCK's issuer ended a second ago",
        with_issuer<[](AttestedNode const& node, CertificateSpec& spec) { spec.until = node.now - second; }> },
    { "pck-issuer-not-begun", CheckId::PckIssuerValidity, "", "PCK's issuer begins in a second",
        with_issuer<[](AttestedNode const& node, CertificateSpec& spec) { spec.from = node.now + second; }> },
    { "pck-issuer-revoked", CheckId::PckIssuerNotRevoked, "", "root CRL revokes the PCK's issuer",
        with_issuer<[](AttestedNode const&, CertificateSpec& spec) { spec.serial = revoked_serial; }> },
    { "pck-renamed", CheckId::PckRole, "", "PCK has the TCB signer's name",
        edited<[](AttestedNode& node) { node.pck.common_name = node.tcb_signer.common_name; }> },
    { "pck-is-a-ca", CheckId::PckRole, "", "PCK is a certificate authority",
        edited<[](AttestedNode& node) { node.pck.certificate_authority = true; }> },
    { "pck-by-a-stranger", CheckId::PckSignature, "", "PCK is signed by another key",
        edited<[](AttestedNode& node) { node.pck.signer = stranger(); }> },
    { "pck-expired", CheckId::PckValidity, "", "PCK ended a second ago",
        edited<[](AttestedNode& node) { node.pck.until = node.now - second; }> },
    { "pck-not-begun", CheckId::PckValidity, "", "PCK begins in a second",
        edited<[](AttestedNode& node) { node.pck.from = node.now + second; }> },
    { "pck-crl-of-another-ca", CheckId::PckCrlCovers, "", "PCK CRL is of the processor CA, the PCK of the platform CA",
        with_crl_of_another_ca },
    { "pck-revoked", CheckId::PckNotRevoked, "", "PCK CRL revokes the PCK",
        edited<[](AttestedNode& node) { node.pck_crl.revoked = { node.pck.serial }; }> },
    { "pck-without-extension", CheckId::PckExtension, "", "PCK does not say which platform it is of",
        edited<[](AttestedNode& node) {
            node.pck.sgx_extension = der_of(node.sgx_extension);
            node.pck.sgx_extension_count = 0;
        }> },
    { "pck-extension-twice", CheckId::PckExtension, "", "PCK says twice which platform it is of",
        edited<[](AttestedNode& node) { node.pck.sgx_extension_count = 2; }> },
    { "pck-extension-incomplete", CheckId::PckExtension, "", "PCK's extension lacks the PCEID",
        edited<[](AttestedNode& node) { node.sgx_extension.leave_out_field = 3; }> },
    { "pck-cpusvn-other", CheckId::PckExtension, "", "PCK's CPUSVN is not its components",
        edited<[](AttestedNode& node) { node.sgx_extension.cpusvn[0] = 5; }> },

    { "qe-vendor", CheckId::QeVendor, "", "quoting enclave is of another vendor",
        edited<[](AttestedNode& node) { node.quote.qe_vendor.back() = '8'; }> },
    { "qe-report-changed", CheckId::QeReportSignature, "", "QE report has a flipped bit",
        with_quote<[](Bytes& quote, QuoteOffsets const& at) { quote[at.qe_report] ^= 1; }> },
    { "qe-report-signature-flipped", CheckId::QeReportSignature, "", "QE report's signature has a flipped bit",
        with_quote<[](Bytes& quote, QuoteOffsets const& at) { quote[at.qe_report_signature] ^= 1; }> },
    { "attestation-key-of-a-stranger", CheckId::AttestationKeyBound, "",
        "quote is signed by a key that no QE vouches for", with_a_strangers_attestation_key },
    { "attestation-key-not-bound", CheckId::AttestationKeyBound, "", "QE authentication data has a flipped bit",
        with_quote<[](Bytes& quote, QuoteOffsets const& at) { quote[at.authentication] ^= 1; }> },
    { "qe-mrsigner", CheckId::QeMrSigner, "", "quoting enclave is signed by another",
        edited<[](AttestedNode& node) { node.quote.qe.mrsigner[31] ^= 1; }> },
    { "qe-product-id", CheckId::QeProductId, "", "quoting enclave is another product",
        edited<[](AttestedNode& node) { node.quote.qe.product_id = 1; }> },
    { "qe-miscselect", CheckId::QeMiscSelect, "", "quoting enclave has another MISCSELECT",
        edited<[](AttestedNode& node) { node.quote.qe.miscselect = { 1, 0, 0, 0 }; }> },
    { "qe-attributes", CheckId::QeAttributes, "", "quoting enclave has other attributes",
        edited<[](AttestedNode& node) { node.quote.qe.attributes[1] = 1; }> },
    { "qe-attributes-outside-mask", CheckId::QeAttributes, "", "QE identity asks for bits outside its own mask",
        edited<[](AttestedNode& node) { node.qe_identity.attributes.replace(0, 2, "15"); }> },
    { "qe-debug", CheckId::QeNotDebug, "", "quoting enclave can be debugged, and the identity's mask hides it",
        edited<[](AttestedNode& node) {
            node.quote.qe.attributes[0] |= 2;
            node.qe_identity.attributes_mask.replace(0, 2, "F9");
        }> },
    { "quote-changed", CheckId::QuoteSignature, "", "quote's report data has a flipped bit",
        with_quote<[](Bytes& quote, QuoteOffsets const& at) { quote[at.section_size - 80] ^= 1; }> },
    { "quote-header-changed", CheckId::QuoteSignature, "", "quote's header has a flipped bit",
        with_quote<[](Bytes& quote, QuoteOffsets const&) { quote[30] ^= 1; }> },
    { "quote-signature-zero", CheckId::QuoteSignature, "", "quote's signature is all zeros",
        with_quote<[](Bytes& quote, QuoteOffsets const& at) {
            std::fill_n(quote.begin() + static_cast<std::ptrdiff_t>(at.signature), 64, std::uint8_t { 0 });
        }> },
    { "quote-signature-flipped", CheckId::QuoteSignature, "", "quote's signature has a flipped bit",
        with_quote<[](Bytes& quote, QuoteOffsets const& at) { quote[at.signature] ^= 1; }> },
};

}  // namespace

std::span<Defect const> quote_defects() { return table; }

}  // namespace mpc::simulator
