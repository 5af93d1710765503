// Genuine quotes, signed by Intel's hardware, with the collateral of their days.
#include <gtest/gtest.h>

#include "attestation/verify.h"
#include "support/reference_vectors.h"
#include "support/verification.h"

namespace mpc::attestation {
namespace {

using test::failed_checks;
using test::reference_vector;

constexpr crypto::Time at(std::int64_t seconds) { return crypto::Time(std::chrono::seconds(seconds)); }

constexpr auto near_time = at(1786622400);

Bytes bytes_of(std::string const& text) { return Bytes(text.begin(), text.end()); }

Collateral collateral_of(std::string const& file)
{
    return std::move(Collateral::parse(reference_vector(file))).value();
}

NearKey key_of(std::string const& file)
{
    return std::move(NearKey::parse(reference_vector("near-mpc/" + file))).value();
}

DstackInfo info_of(std::string const& file)
{
    return std::move(DstackInfo::parse(reference_vector("near-mpc/" + file))).value();
}

/// The node of near/mpc, with everything it shows.
Evidence near_evidence()
{
    auto info = info_of("tcb_info.json");
    return Evidence { .quote = SignedQuote::parse(test::reference_mpc_quote()).value(),
        .event_log = info.event_log,
        .app_compose = info.app_compose,
        .claimed = info.claimed,
        .node_keys = NodeKeys { key_of("near_p2p_public_key.pub"), key_of("near_account_public_key.pub") },
        .receipt = {},
        .predicted = {} };
}

/// What near/mpc's own test allows.
Policy near_policy(std::string const& measurements = "expected_measurements_dev.json")
{
    Policy policy;
    policy.image_digests.push_back(
        image::ImageDigest::parse("sha256:" + reference_vector("near-mpc/mpc_image_digest.txt")).value());
    policy.launcher_compose_hashes.push_back(
        sha256({ as_bytes(reference_vector("near-mpc/launcher_image_compose.yaml")) }));
    policy.measurements.push_back(measurement_set_of(info_of(measurements), measurements).value());
    return policy;
}

Report platform_report(std::string const& quote, std::string const& collateral, crypto::Time time)
{
    Policy policy;
    policy.scope = Scope::Platform;
    Evidence const evidence { .quote = SignedQuote::parse(bytes_of(reference_vector(quote))).value() };
    return verify(evidence, collateral_of(collateral), policy, time);
}

TEST(GenuineNode, IsTrustedWithAllOfItsEvidence)
{
    NEED_REFERENCE_VECTORS();
    auto const report = verify(near_evidence(), collateral_of("near-mpc/collateral.json"), near_policy(), near_time);
    EXPECT_EQ(failed_checks(report), "");
    EXPECT_EQ(report.verdict, Verdict::Trusted);
    ASSERT_TRUE(report.tcb);
    EXPECT_EQ(report.tcb->status, TcbStatus::UpToDate);
    EXPECT_EQ(report.tcb->tcb_info_evaluation_number, 20U);
    EXPECT_EQ(report.tcb->qe_identity_evaluation_number, 19U);
    EXPECT_EQ(report.notes, std::vector { Note::TrailingBytes });
    EXPECT_EQ(report.checks.signatures(), 9U);
}

TEST(GenuineNode, IsValidFromTheLatestStartToTheEarliestEnd)
{
    NEED_REFERENCE_VECTORS();
    auto const report = verify(near_evidence(), collateral_of("near-mpc/collateral.json"), near_policy(), near_time);
    EXPECT_EQ(report.valid_from, at(1786617938));
    EXPECT_EQ(report.valid_until, at(1789171031 - 1));  // the PCK CRL's last second is the one before its nextUpdate
}

TEST(GenuineNode, FailsBeforeAndAfterItsWindow)
{
    NEED_REFERENCE_VECTORS();
    auto const collateral = collateral_of("near-mpc/collateral.json");
    EXPECT_EQ(failed_checks(verify(near_evidence(), collateral, near_policy(), at(1786617937))), "tcb_info_current");
    EXPECT_EQ(failed_checks(verify(near_evidence(), collateral, near_policy(), at(1789171030))), "");
    EXPECT_EQ(failed_checks(verify(near_evidence(), collateral, near_policy(), at(1789171031))), "pck_crl_current");
}

TEST(GenuineNode, FailsAgainstProductionMeasurementsAndNamesTheRegister)
{
    NEED_REFERENCE_VECTORS();
    auto const report = verify(near_evidence(), collateral_of("near-mpc/collateral.json"),
        near_policy("expected_measurements_prod.json"), near_time);
    EXPECT_EQ(report.verdict, Verdict::NotTrusted);
    EXPECT_EQ(failed_checks(report), "rtmr2_expected");
    ASSERT_NE(report.first_failure(), nullptr);
    EXPECT_EQ(report.first_failure()->id, CheckId::Rtmr2Expected);
    EXPECT_TRUE(report.first_failure()->found.starts_with("c812d42b"));
    EXPECT_TRUE(report.first_failure()->expected.starts_with("9284cde2"));
}

TEST(GenuineNode, IsAcceptedUnderAnyOfSeveralMeasurementSets)
{
    NEED_REFERENCE_VECTORS();
    auto policy = near_policy("expected_measurements_prod.json");
    policy.measurements.push_back(measurement_set_of(info_of("expected_measurements_dev.json"), "dev").value());
    EXPECT_EQ(failed_checks(verify(near_evidence(), collateral_of("near-mpc/collateral.json"), policy, near_time)), "");
}

TEST(GenuineNode, IsTrustedFromWhatItServesAsPublicData)
{
    NEED_REFERENCE_VECTORS();
    auto const data = json::read_object(reference_vector("near-mpc/public_data.json")).value();
    auto const* dstack = data.require_object("tee_participant_info").value()->require_object("Dstack").value();
    auto const collateral = Collateral::parse(*dstack->require_object("collateral").value());
    ASSERT_TRUE(collateral.ok()) << collateral.error().message();
    EXPECT_EQ(failed_checks(verify(near_evidence(), collateral.value(), near_policy(), near_time)), "");
}

TEST(GenuineNode, CostsThreeSignatureChecksUnderVerifiedCollateral)
{
    NEED_REFERENCE_VECTORS();
    auto const verified =
        VerifiedCollateral::verify(collateral_of("near-mpc/collateral.json"), TrustRoot::intel(), near_time);
    auto const report = verify(near_evidence(), verified, near_policy());
    EXPECT_EQ(report.verdict, Verdict::Trusted);
    EXPECT_EQ(report.checks.signatures() - verified.checks().signatures(), 3U);
}

TEST(GenuineQuote, IsUpToDateInItsWindow)
{
    NEED_REFERENCE_VECTORS();
    for (auto const time : { 1750329147, 1752919234 }) {
        auto const report = platform_report("dcap-qvl/tdx_quote", "dcap-qvl/tdx_quote_collateral.json", at(time));
        EXPECT_EQ(failed_checks(report), "");
        EXPECT_EQ(report.verdict, Verdict::Trusted);
        EXPECT_EQ(report.tcb->status, TcbStatus::UpToDate);
        EXPECT_TRUE(report.tcb->advisories.empty());
    }
}

TEST(GenuineQuote, WithAnOutdatedPlatformReachesNoLevel)
{
    NEED_REFERENCE_VECTORS();
    auto const report =
        platform_report("dcap-qvl/tdx_quote_outdated", "dcap-qvl/tdx_quote_outdated_collateral.json", at(1772000000));
    EXPECT_EQ(report.verdict, Verdict::NotTrusted);
    EXPECT_EQ(failed_checks(report), "platform_tcb current_tcb");
    EXPECT_FALSE(report.tcb);
}

TEST(GenuineQuote, OfAnSgxEnclaveIsRefusedByName)
{
    NEED_REFERENCE_VECTORS();
    auto const quote = SignedQuote::parse(bytes_of(reference_vector("dcap-qvl/sgx_quote")));
    ASSERT_FALSE(quote.ok());
    EXPECT_NE(quote.error().message().find("SGX"), std::string::npos);
}

TEST(GenuineQuote, OfAnotherPlatformIsNotJudgedByThisTcbInfo)
{
    NEED_REFERENCE_VECTORS();
    auto const report = platform_report("dcap-qvl/tdx_quote_outdated", "near-mpc/collateral.json", near_time);
    EXPECT_EQ(failed_checks(report), "platform_fmspc");
}

/// A quote with its log, as an agent's GetQuote gives it, judged with a collateral of another platform.
Report boot_report(std::string const& file)
{
    auto const object = json::read_object(reference_vector(file)).value();
    auto const* list = object.find("event_log")->array();
    auto log =
        list ? evidence::parse_event_log(*list) : evidence::parse_event_log(object.require_text("event_log").value());
    Evidence const evidence { .quote =
                                  SignedQuote::parse(from_hex(object.require_text("quote").value()).value()).value(),
        .event_log = std::move(log).value() };
    return verify(evidence, collateral_of("near-mpc/collateral.json"), Policy(), near_time);
}

TEST(GenuineEventLog, ReplaysToEveryRegister)
{
    NEED_REFERENCE_VECTORS();
    for (auto const* file : { "dstack/quote-report.json", "dstack/tdx-lite-getquote.json" }) {
        auto const report = boot_report(file);
        for (auto const id : { CheckId::EventTypes, CheckId::EventDigests, CheckId::EventNames, CheckId::Rtmr0Replay,
                 CheckId::Rtmr1Replay, CheckId::Rtmr2Replay, CheckId::Rtmr3Replay, CheckId::BootEventsPresent,
                 CheckId::BootEventsOnce, CheckId::BootEventsOrder, CheckId::BootEventsPayloads })
            EXPECT_TRUE(report.checks.passed(id)) << file << " " << name_of(id) << ": " << report.checks[id].found;
    }
}

}  // namespace
}  // namespace mpc::attestation
