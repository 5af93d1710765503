#include "simulator/attested_node.h"

#include <gtest/gtest.h>

#include "support/verification.h"

namespace mpc::simulator {
namespace {

using test::failed_checks;

constexpr crypto::Time now(std::chrono::seconds(1786622400));

AttestedNode node() { return AttestedNode::create(Seed(7), now).value(); }

TEST(SimulatedNode, IsTrustedInEveryShapeOfQuote)
{
    for (auto const shape : { QuoteShape::V4, QuoteShape::V5Td10, QuoteShape::V5Td15 }) {
        auto shaped = node();
        shaped.quote.shape = shape;
        auto const report = shaped.build().value().verify();
        EXPECT_EQ(failed_checks(report), "");
        EXPECT_EQ(report.verdict, attestation::Verdict::Trusted);
        EXPECT_EQ(report.checks.signatures(), 9U);
    }
}

TEST(SimulatedNode, IsTrustedForALaunchReceipt)
{
    auto receipt = node();
    receipt.receipt = R"({"a":1})";
    EXPECT_EQ(failed_checks(receipt.build().value().verify()), "");
}

TEST(SimulatedNode, ShowsTheSameBytesForTheSameSeedAndTime)
{
    auto const a = node().exhibit().value();
    auto const b = node().exhibit().value();
    EXPECT_EQ(a.quote, b.quote);
    EXPECT_EQ(json::write(json_of(a.collateral, BinaryForm::Hex)), json::write(json_of(b.collateral, BinaryForm::Hex)));
    EXPECT_NE(a.quote, AttestedNode::create(Seed(8), now).value().exhibit().value().quote);
}

TEST(SimulatedNode, OfAnotherSeedIsNotAcceptedUnderThisPolicy)
{
    auto other = AttestedNode::create(Seed(8), now).value().build().value();
    other.policy = node().build().value().policy;
    EXPECT_EQ(other.verify().verdict, attestation::Verdict::NotTrusted);
}

TEST(SimulatedNode, ClaimsWhatItsQuoteHolds)
{
    auto const shown = node().exhibit().value();
    auto evidence = evidence_of(shown).value();
    evidence.claimed = shown.claimed;
    auto built = node().build().value();
    built.evidence = evidence;
    EXPECT_EQ(failed_checks(built.verify()), "");
}

TEST(SimulatedNode, RefusesAnEventThatNoRegisterTakes)
{
    auto bent = node();
    bent.log.front().imr = 4;
    EXPECT_EQ(bent.build().error().kind(), ErrorKind::Invalid);
    bent.log.front().imr = 0;
    bent.log.front().digest.reset();
    EXPECT_EQ(bent.build().error().kind(), ErrorKind::Invalid);
}

}  // namespace
}  // namespace mpc::simulator
