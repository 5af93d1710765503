// Each test makes the PCK, the quoting enclave or the quote wrong in exactly one way.
#include <gtest/gtest.h>

#include "support/test_node.h"
#include "support/verification.h"

namespace mpc::attestation {
namespace {

using test::BuiltNode;
using test::failed_checks;
using test::issue;
using test::TestNode;

constexpr auto second = std::chrono::seconds(1);

std::string failures(BuiltNode const& node)
{
    auto const report = node.verify();
    EXPECT_EQ(report.verdict == Verdict::Trusted, failed_checks(report).empty());
    return failed_checks(report);
}

/// The PCK CA of the quote (not of the collateral), reissued with a change.
std::string failures_with_issuer(std::function<void(test::CertificateSpec&)> const& change)
{
    TestNode node;
    node.root_crl.revoked = { 77 };
    auto built = node.build();
    auto spec = node.pck_ca;
    change(spec);
    built.evidence.quote.pck_chain[1] = issue(spec);
    return failures(built);
}

/// The PCK itself, made with a change, and everything signed to fit.
std::string failures_with_pck(std::function<void(test::CertificateSpec&)> const& change)
{
    TestNode node;
    node.pck_crl.revoked = { 77 };
    change(node.pck);
    return failures(node.build());
}

TEST(PckChecks, PckRootPinnedRefusesAnotherRoot)
{
    TestNode node;
    auto built = node.build();
    node.root.serial = 99;
    built.evidence.quote.pck_chain[2] = issue(node.root);
    EXPECT_EQ(failures(built), "pck_root_pinned");
}

TEST(PckChecks, PckIssuerRoleRefusesAnotherUsageAndAnotherIssuer)
{
    EXPECT_EQ(failures_with_issuer([](auto& spec) { spec.certificate_authority = false; }), "pck_issuer_role");
    EXPECT_EQ(failures_with_issuer([](auto& spec) { spec.common_name = "Intel SGX Root CA"; }), "pck_issuer_role");
    EXPECT_EQ(failures_with_issuer([](auto& spec) { spec.issuer_name = "Another Root"; }), "pck_issuer_role");
}

TEST(PckChecks, PckIssuerSignatureRefusesAnotherSigner)
{
    EXPECT_EQ(failures_with_issuer([](auto& spec) { spec.signer = test::key_named("stranger"); }),
        "pck_issuer_signature");
}

TEST(PckChecks, PckIssuerValidityIncludesBothEnds)
{
    auto const now = TestNode().now;
    EXPECT_EQ(failures_with_issuer([now](auto& spec) { spec.from = spec.until = now; }), "");
    EXPECT_EQ(failures_with_issuer([now](auto& spec) { spec.from = now + second; }), "pck_issuer_validity");
    EXPECT_EQ(failures_with_issuer([now](auto& spec) { spec.until = now - second; }), "pck_issuer_validity");
}

TEST(PckChecks, PckIssuerNotRevokedLooksIntoTheRootCrl)
{
    EXPECT_EQ(failures_with_issuer([](auto& spec) { spec.serial = 77; }), "pck_issuer_not_revoked");
}

TEST(PckChecks, PckRoleRefusesAnotherNameAndAnotherUsage)
{
    EXPECT_EQ(failures_with_pck([](auto& spec) { spec.common_name = "Intel SGX TCB Signing"; }), "pck_role");
    EXPECT_EQ(failures_with_pck([](auto& spec) { spec.certificate_authority = true; }), "pck_role");
    EXPECT_EQ(failures_with_pck([](auto& spec) { spec.key_usage = "critical,keyAgreement"; }), "pck_role");
    EXPECT_EQ(failures_with_pck([](auto& spec) { spec.issuer_name = "Intel SGX Root CA"; }), "pck_role");
}

TEST(PckChecks, PckSignatureRefusesAnotherSigner)
{
    EXPECT_EQ(failures_with_pck([](auto& spec) { spec.signer = test::key_named("stranger"); }), "pck_signature");
}

TEST(PckChecks, PckValidityIncludesBothEnds)
{
    auto const now = TestNode().now;
    EXPECT_EQ(failures_with_pck([now](auto& spec) { spec.from = spec.until = now; }), "");
    EXPECT_EQ(failures_with_pck([now](auto& spec) { spec.from = now + second; }), "pck_validity");
    EXPECT_EQ(failures_with_pck([now](auto& spec) { spec.until = now - second; }), "pck_validity");
}

TEST(PckChecks, PckCrlCoversRefusesTheListOfAnotherCa)
{
    TestNode node;
    auto built = node.build();
    node.pck_ca.common_name = node.pck_crl.issuer_name = "Intel SGX PCK Processor CA";
    node.pck_ca.key = node.pck_crl.signer = test::key_named("processor ca");
    built.collateral.pck_crl_chain[0] = issue(node.pck_ca);
    built.collateral.pck_crl = issue(node.pck_crl);
    EXPECT_EQ(failures(built), "pck_crl_covers");
}

TEST(PckChecks, PckNotRevokedLooksIntoThePckCrl)
{
    EXPECT_EQ(failures_with_pck([](auto& spec) { spec.serial = 77; }), "pck_not_revoked");
}

TEST(PckChecks, PckExtensionMustBeThereOnceAndWellFormed)
{
    TestNode node;
    node.sgx_extension.leave_out_field = 3;
    EXPECT_EQ(failures(node.build()), "pck_extension");
    node = TestNode();
    node.pck.sgx_extension_count = 2;
    node.pck.sgx_extension = test::der_of(node.sgx_extension);
    EXPECT_EQ(failures(node.build()), "pck_extension");
    node.pck.sgx_extension_count = 0;
    EXPECT_EQ(failures(node.build()), "pck_extension");
}

TEST(PckChecks, PckExtensionRefusesACpusvnThatIsNotItsComponents)
{
    TestNode node;
    node.sgx_extension.cpusvn[0] = 5;
    EXPECT_EQ(failures(node.build()), "pck_extension");
}

TEST(QuoteChecks, QeVendorMustBeIntel)
{
    TestNode node;
    node.quote.qe_vendor = "939a7233f79c4ca9940a0db3957f0608";
    EXPECT_EQ(failures(node.build()), "qe_vendor");
}

TEST(QuoteChecks, QeReportSignatureRefusesAFlippedBitInReportAndSignature)
{
    auto built = TestNode().build();
    built.evidence.quote.qe_report_bytes[0] ^= 1;
    EXPECT_EQ(failures(built), "qe_report_signature");
    built = TestNode().build();
    built.evidence.quote.qe_report_signature.bytes[63] ^= 1;
    EXPECT_EQ(failures(built), "qe_report_signature");
}

TEST(QuoteChecks, AttestationKeyBoundRefusesOtherAuthenticationData)
{
    auto built = TestNode().build();
    built.evidence.quote.qe_authentication[0] ^= 1;
    EXPECT_EQ(failures(built), "attestation_key_bound");
}

TEST(QuoteChecks, AttestationKeyBoundAcceptsAuthenticationDataOfAnyLengthAndNotesIt)
{
    TestNode node;
    node.quote.qe_authentication = Bytes(7, 1);
    auto const report = node.build().verify();
    EXPECT_EQ(failed_checks(report), "");
    EXPECT_EQ(report.notes, std::vector { Note::QeAuthenticationLength });
}

TEST(QuoteChecks, QeMrSignerMustBeTheIdentitys)
{
    TestNode node;
    node.quote.qe.mrsigner[31] ^= 1;
    EXPECT_EQ(failures(node.build()), "qe_mr_signer");
}

TEST(QuoteChecks, QeProductIdMustBeTheIdentitys)
{
    TestNode node;
    node.quote.qe.product_id = 1;
    EXPECT_EQ(failures(node.build()), "qe_product_id");
}

TEST(QuoteChecks, QeMiscSelectIsComparedUnderTheMask)
{
    TestNode node;
    node.quote.qe.miscselect = { 1, 0, 0, 0 };
    EXPECT_EQ(failures(node.build()), "qe_misc_select");
    node.qe_identity.miscselect_mask = "FEFFFFFF";
    EXPECT_EQ(failures(node.build()), "");
}

TEST(QuoteChecks, QeAttributesAreComparedUnderTheMask)
{
    TestNode node;
    node.quote.qe.attributes[1] = 1;
    EXPECT_EQ(failures(node.build()), "qe_attributes");
}

TEST(QuoteChecks, QeAttributesOutsideTheIdentitysOwnMaskAreRefused)
{
    TestNode node;
    node.qe_identity.attributes = "15000000000000000000000000000000";
    EXPECT_EQ(failures(node.build()), "qe_attributes");
}

TEST(QuoteChecks, QeNotDebugHoldsWhateverTheMaskSays)
{
    TestNode node;
    node.quote.qe.attributes[0] |= 2;
    node.qe_identity.attributes_mask = "F9FFFFFFFFFFFFFF0000000000000000";
    EXPECT_EQ(failures(node.build()), "qe_not_debug");
}

TEST(QuoteChecks, QuoteSignatureRefusesAFlippedBitAnywhere)
{
    for (auto const offset : { 0U, 28U, 48U, 568U, 631U }) {
        auto built = TestNode().build();
        built.evidence.quote.signed_bytes[offset] ^= 1;
        EXPECT_EQ(failures(built), "quote_signature");
    }
    auto built = TestNode().build();
    built.evidence.quote.signature.bytes[0] ^= 1;
    EXPECT_EQ(failures(built), "quote_signature");
}

TEST(QuoteChecks, QuoteSignatureRefusesAKeyThatIsNoPoint)
{
    auto built = TestNode().build();
    built.evidence.quote.attestation_key.fill(0);
    EXPECT_EQ(failures(built), "attestation_key_bound quote_signature");
}

TEST(QuoteChecks, ShowNothingOfAQuoteThatIsNotGenuine)
{
    auto built = TestNode().build();
    built.evidence.quote.signature.bytes[0] ^= 1;
    auto const report = built.verify();
    EXPECT_FALSE(report.measurements);
    EXPECT_FALSE(report.tcb);
    EXPECT_EQ(report.checks[CheckId::ImageDigestAllowed].result, CheckResult::NotApplicable);
}

TEST(QuoteChecks, HoldForVersion5WithTd10AndTd15)
{
    TestNode node;
    node.quote.shape = test::QuoteShape::V5Td10;
    EXPECT_EQ(failures(node.build()), "");
    node.quote.shape = test::QuoteShape::V5Td15;
    EXPECT_EQ(failures(node.build()), "");
}

}  // namespace
}  // namespace mpc::attestation
