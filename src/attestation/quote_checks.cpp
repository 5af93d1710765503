// The checks of the PCK, of the quoting enclave and of the quote's signature.
#include <algorithm>

#include "attestation/judgement.h"

namespace mpc::attestation {

namespace {

constexpr std::array<std::uint8_t, 16> intel_vendor { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d,
    0xb3, 0x95, 0x7f, 0x06, 0x07 };
constexpr std::uint8_t enclave_debug = 0x02;

template <std::size_t N>
std::array<std::uint8_t, N> masked(std::array<std::uint8_t, N> value, std::array<std::uint8_t, N> const& mask)
{
    for (std::size_t i = 0; i < N; ++i)
        value[i] &= mask[i];
    return value;
}
/// The quote's certificate chain ends in the trusted root, byte for byte.
bool check_pck_root_pinned(Judgement const& judgement)
{
    auto const& root = judgement.quote().pck_chain[2];
    auto const& trusted = judgement.policy.root();
    return judgement.checks().record(CheckId::PckRootPinned, trusted.is(root), "SHA-256 " + to_hex(root.fingerprint()),
        "SHA-256 " + to_hex(trusted.fingerprint()));
}

/// The PCK CRL is of the CA that issued this PCK (processor or platform).
/// The list that says whether a PCK is revoked must come from the very CA that issued it.
bool check_pck_crl_covers(Judgement const& judgement, crypto::Certificate const& issuer)
{
    auto const& ca = *judgement.collateral.pck_ca();
    return judgement.checks().record(CheckId::PckCrlCovers,
        ca.subject() == issuer.subject() && ca.key() == issuer.key(), "a CRL of \"" + ca.common_name() + "\"",
        "a CRL of \"" + issuer.common_name() + "\"");
}

/// The PCK CA in the quote: issued by the root, as its twin in the collateral.
bool judge_pck_issuer(Judgement const& judgement, KnownSignatures& known)
{
    auto const& issuer = judgement.quote().pck_chain[1];
    auto const& root = judgement.quote().pck_chain[2];
    auto& checks = judgement.checks();
    bool const role = check_role(checks, CheckId::PckIssuerRole, issuer, Role::PckCa, root);
    check_validity(checks, CheckId::PckIssuerValidity, issuer, judgement.collateral.time());
    bool const genuine = check_certificate_signature(checks, CheckId::PckIssuerSignature, issuer, root, known);
    if (role && genuine && judgement.collateral.root_crl())
        check_not_revoked(checks, CheckId::PckIssuerNotRevoked, issuer, *judgement.collateral.root_crl());
    return role && genuine;
}

bool judge_pck_itself(Judgement const& judgement, KnownSignatures& known)
{
    auto const& pck = judgement.quote().pck_chain[0];
    auto const& issuer = judgement.quote().pck_chain[1];
    auto& checks = judgement.checks();
    bool const role = check_role(checks, CheckId::PckRole, pck, Role::Pck, issuer);
    check_validity(checks, CheckId::PckValidity, pck, judgement.collateral.time());
    bool const genuine = check_certificate_signature(checks, CheckId::PckSignature, pck, issuer, known);
    if (role && genuine && judgement.collateral.pck_crl() && check_pck_crl_covers(judgement, issuer))
        check_not_revoked(checks, CheckId::PckNotRevoked, pck, *judgement.collateral.pck_crl());
    return role && genuine;
}
/// The PCK's SGX extension is well formed and agrees with itself (Intel PCK certificate specification).
std::optional<SgxExtension> check_pck_extension(Judgement const& judgement)
{
    auto const read = [&judgement]() -> Result<SgxExtension> {
        auto const content = TRY(judgement.quote().pck_chain[0].extension(sgx_extension_oid));
        if (!content)
            return Error(ErrorKind::Invalid, "there is no SGX extension");
        return parse_sgx_extension(*content);
    };
    auto extension = read();
    if (!judgement.checks().record(CheckId::PckExtension, extension.ok(),
            extension.ok() ? "well formed" : extension.error().message(), "well formed"))
        return std::nullopt;
    return std::move(extension).value();
}
/// The quoting enclave is of Intel's vendor id (quote header).
void check_qe_vendor(Judgement const& judgement)
{
    auto const& vendor = judgement.quote().qe_vendor;
    judgement.checks().record(CheckId::QeVendor, vendor == intel_vendor, to_hex(vendor), to_hex(intel_vendor));
}
/// The QE report is signed by the PCK.
bool check_qe_report_signature(Judgement const& judgement)
{
    auto const& quote = judgement.quote();
    judgement.checks().count_signature();
    bool const holds = quote.pck_chain[0].key().verifies(quote.qe_report_bytes, quote.qe_report_signature);
    return judgement.checks().record(CheckId::QeReportSignature, holds,
        holds ? "signed by the PCK" : "not signed by the PCK", "signed by the PCK");
}
/// The QE report holds SHA-256 of the attestation key and the QE's authentication data.
bool check_attestation_key_bound(Judgement const& judgement)
{
    auto const& quote = judgement.quote();
    auto const expected = sha256({ quote.attestation_key, quote.qe_authentication });
    auto const found = ByteView(quote.qe_report.report_data).first(32);
    return judgement.checks().record(CheckId::AttestationKeyBound, std::ranges::equal(found, expected), to_hex(found),
        to_hex(expected));
}
/// The QE's MRSIGNER is the one of the QE identity.
void check_qe_mrsigner(Judgement const& judgement, QeIdentity const& identity)
{
    auto const& found = judgement.quote().qe_report.mrsigner;
    judgement.checks().record(CheckId::QeMrSigner, found == identity.mrsigner, to_hex(found),
        to_hex(identity.mrsigner));
}
/// The QE's ISVPRODID is the one of the QE identity.
void check_qe_product_id(Judgement const& judgement, QeIdentity const& identity)
{
    auto const found = judgement.quote().qe_report.product_id;
    judgement.checks().record(CheckId::QeProductId, found == identity.product_id, std::to_string(found),
        std::to_string(identity.product_id));
}

/// The QE's MISCSELECT under the identity's mask is the identity's.
/// Only the quote's side is masked: an identity that asks for bits outside its own mask can never be met.
void check_qe_miscselect(Judgement const& judgement, QeIdentity const& identity)
{
    auto const found = masked(judgement.quote().qe_report.miscselect, identity.miscselect_mask);
    judgement.checks().record(CheckId::QeMiscSelect, found == identity.miscselect, to_hex(found),
        to_hex(identity.miscselect));
}

/// The QE's ATTRIBUTES under the identity's mask are the identity's.
/// As check_qe_miscselect.
void check_qe_attributes(Judgement const& judgement, QeIdentity const& identity)
{
    auto const found = masked(judgement.quote().qe_report.attributes, identity.attributes_mask);
    judgement.checks().record(CheckId::QeAttributes, found == identity.attributes, to_hex(found),
        to_hex(identity.attributes));
}

/// The quoting enclave is not a debug enclave.
/// Whatever the identity's mask covers.
void check_qe_not_debug(Judgement const& judgement)
{
    auto const& attributes = judgement.quote().qe_report.attributes;
    judgement.checks().record(CheckId::QeNotDebug, (attributes[0] & enclave_debug) == 0, to_hex(attributes),
        "the debug bit is clear");
}
/// Header and TD report are signed by the attestation key, a point on P-256.
bool check_quote_signature(Judgement const& judgement)
{
    auto const& quote = judgement.quote();
    auto const key = crypto::P256Key::from_point(quote.attestation_key);
    if (!key.ok())
        return judgement.checks().record(CheckId::QuoteSignature, false,
            "the attestation key is " + key.error().message(), "signed by the attestation key");
    judgement.checks().count_signature();
    bool const holds = key->verifies(quote.signed_bytes, quote.signature);
    return judgement.checks().record(CheckId::QuoteSignature, holds,
        holds ? "signed by the attestation key" : "not signed by the attestation key", "signed by the attestation key");
}

void add_pck_windows(Judgement const& judgement)
{
    static constexpr std::array names { "PCK certificate", "PCK issuer's certificate" };
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto const validity = judgement.quote().pck_chain[i].validity();
        judgement.report.windows.push_back({ WindowKind::Certificate, names[i], validity.from, validity.until });
    }
}

}  // namespace

std::optional<SgxExtension> judge_pck(Judgement const& judgement)
{
    auto known = judgement.collateral.known_signatures();
    if (!check_pck_root_pinned(judgement) || !judge_pck_issuer(judgement, known) || !judge_pck_itself(judgement, known))
        return std::nullopt;
    add_pck_windows(judgement);
    return check_pck_extension(judgement);
}

bool judge_quote(Judgement const& judgement, bool pck_holds)
{
    check_qe_vendor(judgement);
    if (!pck_holds || !check_qe_report_signature(judgement))
        return false;
    check_qe_not_debug(judgement);
    if (auto const* identity = judgement.collateral.qe_identity()) {
        check_qe_mrsigner(judgement, *identity);
        check_qe_product_id(judgement, *identity);
        check_qe_miscselect(judgement, *identity);
        check_qe_attributes(judgement, *identity);
    }
    bool const bound = check_attestation_key_bound(judgement);
    return check_quote_signature(judgement) && bound;
}

}  // namespace mpc::attestation
