// Each test makes the collateral wrong in exactly one way, and exactly one check must fail.
#include "attestation/verified_collateral.h"

#include <gtest/gtest.h>

#include "support/test_node.h"
#include "support/verification.h"

namespace mpc::attestation {
namespace {

using test::BuiltNode;
using test::failed_checks;
using test::issue;
using test::TestNode;

std::string failures(BuiltNode const& node)
{
    auto const report = node.verify();
    EXPECT_EQ(report.verdict == Verdict::Trusted, failed_checks(report).empty());
    return failed_checks(report);
}

crypto::Time time_at(char const* text) { return crypto::parse_time(text).value(); }

constexpr auto second = std::chrono::seconds(1);

TEST(CollateralChecks, AllHoldForANodeThatIsRight)
{
    auto const report = TestNode().build().verify();
    EXPECT_EQ(failed_checks(report), "");
    EXPECT_EQ(report.verdict, Verdict::Trusted);
}

TEST(CollateralChecks, RootPinnedRefusesAnyRootButTheTrustedOneInEachChain)
{
    TestNode node;
    auto const good = node.build();
    node.root.serial = 99;
    auto const other = issue(node.root);
    for (auto const chain : { 0, 1, 2 }) {
        auto bad = good;
        std::vector<crypto::Certificate>* const chains[] = { &bad.collateral.pck_crl_chain,
            &bad.collateral.tcb_info.chain, &bad.collateral.qe_identity.chain };
        chains[chain]->back() = other;
        EXPECT_EQ(failures(bad), "root_pinned");
    }
}

TEST(CollateralChecks, RootPinnedRefusesASimulatedRootWithoutItsToken)
{
    auto node = TestNode().build();
    Policy policy;
    policy.image_digests = node.policy.image_digests;
    policy.launcher_compose_hashes = node.policy.launcher_compose_hashes;
    policy.measurements = node.policy.measurements;
    node.policy = policy;
    EXPECT_EQ(failures(node), "root_pinned pck_root_pinned");
}

TEST(CollateralChecks, RootPinnedRefusesACollateralThatWasJudgedUnderAnotherRoot)
{
    auto const node = TestNode().build();
    auto const simulated = VerifiedCollateral::verify(node.collateral, node.policy.root(), node.now);
    auto const report = verify(node.evidence, simulated, Policy());
    EXPECT_FALSE(report.checks.passed(CheckId::RootPinned));
    EXPECT_EQ(report.verdict, Verdict::NotTrusted);
}

TEST(CollateralChecks, RootValidityIncludesBothEnds)
{
    TestNode node;
    node.root.from = node.root.until = node.now;
    EXPECT_EQ(failures(node.build()), "");
    node.root.from = node.now + second, node.root.until = node.now + 2 * second;
    EXPECT_EQ(failures(node.build()), "root_validity");
    node.root.from = node.now - 2 * second, node.root.until = node.now - second;
    EXPECT_EQ(failures(node.build()), "root_validity");
}

TEST(CollateralChecks, RootCrlSignatureRefusesAnotherKeyAndAnotherIssuer)
{
    TestNode node;
    node.root_crl.signer = test::key_named("stranger");
    EXPECT_EQ(failures(node.build()), "root_crl_signature");
    node = TestNode();
    node.root_crl.issuer_name = "Intel SGX PCK Platform CA";
    EXPECT_EQ(failures(node.build()), "root_crl_signature");
}

TEST(CollateralChecks, RootCrlCurrentStartsAtThisUpdateAndEndsBeforeNextUpdate)
{
    TestNode node;
    node.root_crl.from = node.now, node.root_crl.until = node.now + second;
    EXPECT_EQ(failures(node.build()), "");
    node.root_crl.from = node.now + second, node.root_crl.until = node.now + 2 * second;
    EXPECT_EQ(failures(node.build()), "root_crl_current");
    node.root_crl.from = node.now - second, node.root_crl.until = node.now;
    EXPECT_EQ(failures(node.build()), "root_crl_current");
}

TEST(CollateralChecks, RootNotRevokedLooksIntoTheRootsOwnList)
{
    TestNode node;
    node.root_crl.revoked = { node.root.serial };
    EXPECT_EQ(failures(node.build()), "root_not_revoked");
}

/// The collateral's PCK CA, reissued with a change; its key and name stay, so that everything else fits.
BuiltNode with_pck_ca(TestNode const& node, std::function<void(test::CertificateSpec&)> const& change)
{
    auto built = node.build();
    auto spec = node.pck_ca;
    change(spec);
    built.collateral.pck_crl_chain[0] = issue(spec);
    return built;
}

TEST(CollateralChecks, PckCaRoleRefusesAnotherNameAndAnotherUsage)
{
    TestNode const node;
    EXPECT_EQ(failures(with_pck_ca(node, [](auto& spec) { spec.common_name = "Intel SGX TCB Signing"; })),
        "pck_ca_role");
    EXPECT_EQ(failures(with_pck_ca(node, [](auto& spec) { spec.certificate_authority = false; })), "pck_ca_role");
    EXPECT_EQ(failures(with_pck_ca(node, [](auto& spec) { spec.key_usage = "critical,keyCertSign"; })), "pck_ca_role");
    EXPECT_EQ(failures(with_pck_ca(node, [](auto& spec) { spec.issuer_name = "Another CA"; })), "pck_ca_role");
}

TEST(CollateralChecks, PckCaSignatureRefusesAnotherSigner)
{
    TestNode const node;
    EXPECT_EQ(failures(with_pck_ca(node, [](auto& spec) { spec.signer = test::key_named("stranger"); })),
        "pck_ca_signature");
}

TEST(CollateralChecks, PckCaValidityIncludesBothEnds)
{
    TestNode const node;
    auto const now = node.now;
    EXPECT_EQ(failures(with_pck_ca(node, [now](auto& spec) { spec.from = spec.until = now; })), "");
    EXPECT_EQ(failures(with_pck_ca(node, [now](auto& spec) { spec.from = now + second; })), "pck_ca_validity");
    EXPECT_EQ(failures(with_pck_ca(node, [now](auto& spec) { spec.until = now - second; })), "pck_ca_validity");
}

TEST(CollateralChecks, PckCaNotRevokedLooksIntoTheRootCrl)
{
    TestNode node;
    node.root_crl.revoked = { 77 };
    EXPECT_EQ(failures(with_pck_ca(node, [](auto& spec) { spec.serial = 77; })), "pck_ca_not_revoked");
}

TEST(CollateralChecks, PckCrlSignatureRefusesAnotherKeyAndTheRootCrlInItsPlace)
{
    TestNode node;
    node.pck_crl.signer = test::key_named("stranger");
    EXPECT_EQ(failures(node.build()), "pck_crl_signature");
    auto swapped = TestNode().build();
    swapped.collateral.pck_crl = swapped.collateral.root_crl;
    EXPECT_EQ(failures(swapped), "pck_crl_signature");
}

TEST(CollateralChecks, PckCrlCurrentStartsAtThisUpdateAndEndsBeforeNextUpdate)
{
    TestNode node;
    node.pck_crl.from = node.now, node.pck_crl.until = node.now + second;
    EXPECT_EQ(failures(node.build()), "");
    node.pck_crl.from = node.now + second, node.pck_crl.until = node.now + 2 * second;
    EXPECT_EQ(failures(node.build()), "pck_crl_current");
    node.pck_crl.from = node.now - second, node.pck_crl.until = node.now;
    EXPECT_EQ(failures(node.build()), "pck_crl_current");
}

/// One of the two signed texts, and the names of its checks.
struct Text {
    SignedText Collateral::* member;
    std::string prefix;  ///< of its signer's checks
};

class SignedTexts : public testing::TestWithParam<Text> {
protected:
    /// The signer's certificate, reissued with a change.
    std::string failures_with(std::function<void(test::CertificateSpec&)> const& change) const
    {
        TestNode node;
        node.root_crl.revoked = { 77 };
        auto spec = node.tcb_signer;
        auto built = node.build();
        change(spec);
        (built.collateral.*GetParam().member).chain[0] = issue(spec);
        return failures(built);
    }
    [[nodiscard]] std::string name(char const* check) const { return GetParam().prefix + check; }
};

INSTANTIATE_TEST_SUITE_P(All, SignedTexts,
    testing::Values(Text { &Collateral::tcb_info, "tcb_signer" }, Text { &Collateral::qe_identity, "qe_signer" }),
    [](auto const& text) { return text.index == 0 ? "TcbInfo" : "QeIdentity"; });

TEST_P(SignedTexts, SignerRoleRefusesAnotherNameAndAnotherUsage)
{
    EXPECT_EQ(failures_with([](auto& spec) { spec.common_name = "Intel SGX PCK Certificate"; }), name("_role"));
    EXPECT_EQ(failures_with([](auto& spec) { spec.key_usage = "critical,keyAgreement"; }), name("_role"));
    EXPECT_EQ(failures_with([](auto& spec) { spec.certificate_authority = true; }), name("_role"));
    EXPECT_EQ(failures_with([](auto& spec) { spec.issuer_name = "Intel SGX PCK Platform CA"; }), name("_role"));
}

/// Any certificate that Intel's root vouches for is not enough: a PCK is in the hands of a platform's owner.
TEST_P(SignedTexts, SignerRoleRefusesAPckThatSignsCollateral)
{
    TestNode const node;
    auto built = node.build();
    auto& text = built.collateral.*GetParam().member;
    text.chain[0] = built.evidence.quote.pck_chain[0];
    text.signature = node.pck.key.sign(as_bytes(text.text)).value();
    EXPECT_EQ(failures(built), name("_role") + " " + name("_signature"));
}

TEST_P(SignedTexts, SignerSignatureRefusesAnotherSigner)
{
    EXPECT_EQ(failures_with([](auto& spec) { spec.signer = test::key_named("stranger"); }), name("_signature"));
}

TEST_P(SignedTexts, SignerValidityIncludesBothEnds)
{
    auto const now = TestNode().now;
    EXPECT_EQ(failures_with([now](auto& spec) { spec.from = spec.until = now; }), "");
    EXPECT_EQ(failures_with([now](auto& spec) { spec.from = now + second; }), name("_validity"));
    EXPECT_EQ(failures_with([now](auto& spec) { spec.until = now - second; }), name("_validity"));
}

TEST_P(SignedTexts, SignerNotRevokedLooksIntoTheRootCrl)
{
    EXPECT_EQ(failures_with([](auto& spec) { spec.serial = 77; }), name("_not_revoked"));
}

TEST_P(SignedTexts, ChainInTheWrongOrderIsRefused)
{
    auto built = TestNode().build();
    auto& chain = (built.collateral.*GetParam().member).chain;
    std::swap(chain[0], chain[1]);
    EXPECT_EQ(failures(built), "root_pinned");
}

TEST_P(SignedTexts, SignatureIsOverTheExactBytes)
{
    auto built = TestNode().build();
    (built.collateral.*GetParam().member).text.insert(1, " ");
    EXPECT_EQ(failures(built), GetParam().prefix == "tcb_signer" ? "tcb_info_signature" : "qe_identity_signature");
}

TEST_P(SignedTexts, SignatureRefusesAFlippedBitAndZero)
{
    auto const expected = GetParam().prefix == "tcb_signer" ? "tcb_info_signature" : "qe_identity_signature";
    auto built = TestNode().build();
    auto& signature = (built.collateral.*GetParam().member).signature;
    signature.bytes[5] ^= 1;
    EXPECT_EQ(failures(built), expected);
    signature.bytes.fill(0);
    EXPECT_EQ(failures(built), expected);
}

TEST(CollateralChecks, TcbInfoFormatRefusesWhatIsSignedButMalformed)
{
    TestNode node;
    node.edit_tcb_info = [](std::string text) { return text + "}"; };
    EXPECT_EQ(failures(node.build()), "tcb_info_format");
}

TEST(CollateralChecks, TcbInfoKindRefusesSgxOtherVersionsAndOtherTypes)
{
    TestNode node;
    node.tcb_info.id = "SGX";
    EXPECT_EQ(failures(node.build()), "tcb_info_kind");
    node = TestNode();
    node.tcb_info.version = 4;
    EXPECT_EQ(failures(node.build()), "tcb_info_kind");
    node = TestNode();
    node.tcb_info.tcb_type = 1;
    EXPECT_EQ(failures(node.build()), "tcb_info_kind");
}

TEST(CollateralChecks, TcbInfoCurrentIncludesBothEnds)
{
    TestNode node;
    node.tcb_info.issue_date = node.tcb_info.next_update = crypto::to_text(node.now);
    EXPECT_EQ(failures(node.build()), "");
    node.tcb_info.issue_date = node.tcb_info.next_update = crypto::to_text(node.now + second);
    EXPECT_EQ(failures(node.build()), "tcb_info_current");
    node.tcb_info.issue_date = node.tcb_info.next_update = crypto::to_text(node.now - second);
    EXPECT_EQ(failures(node.build()), "tcb_info_current");
}

TEST(CollateralChecks, QeIdentityFormatRefusesWhatIsSignedButMalformed)
{
    TestNode node;
    node.edit_qe_identity = [](std::string text) {
        return text.replace(text.find("\"isvprodid\":2"), 13, "\"isvprodid\":-2");
    };
    EXPECT_EQ(failures(node.build()), "qe_identity_format");
}

TEST(CollateralChecks, QeIdentityKindRefusesTheSgxEnclaveAndOtherVersions)
{
    TestNode node;
    node.qe_identity.id = "QE";
    EXPECT_EQ(failures(node.build()), "qe_identity_kind");
    node = TestNode();
    node.qe_identity.version = 3;
    EXPECT_EQ(failures(node.build()), "qe_identity_kind");
}

TEST(CollateralChecks, QeIdentityCurrentIncludesBothEnds)
{
    TestNode node;
    node.qe_identity.issue_date = node.qe_identity.next_update = crypto::to_text(node.now);
    EXPECT_EQ(failures(node.build()), "");
    node.qe_identity.issue_date = node.qe_identity.next_update = crypto::to_text(node.now + second);
    EXPECT_EQ(failures(node.build()), "qe_identity_current");
    node.qe_identity.issue_date = node.qe_identity.next_update = crypto::to_text(node.now - second);
    EXPECT_EQ(failures(node.build()), "qe_identity_current");
}

TEST(CollateralChecks, TellWhatEndsFirst)
{
    TestNode node;
    node.tcb_info.next_update = "2026-08-20T00:00:00Z";
    auto const report = node.build().verify();
    EXPECT_EQ(report.valid_until, time_at("2026-08-20T00:00:00Z"));
    EXPECT_EQ(report.valid_from, time_at("2026-08-01T00:00:00Z"));
}

TEST(CollateralChecks, AreMadeOnceForManyQuotes)
{
    auto const node = TestNode().build();
    auto const verified = VerifiedCollateral::verify(node.collateral, node.policy.root(), node.now);
    EXPECT_EQ(verified.checks().signatures(), 6U);
    auto const report = verify(node.evidence, verified, node.policy);
    EXPECT_EQ(report.verdict, Verdict::Trusted);
    EXPECT_EQ(report.checks.signatures(), 9U);
}

}  // namespace
}  // namespace mpc::attestation
