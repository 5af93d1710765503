// A quote with any bit changed is never trusted, unless the bit is of no meaning and the verdict is the same.
#include <gtest/gtest.h>

#include "support/test_node.h"

namespace mpc::attestation {
namespace {

using test::TestNode;

// Header to TD report, then the quote's signature and the attestation key, then the QE report and its signature.
constexpr std::size_t signed_part = 632;
constexpr std::size_t signature_and_key = 636;
constexpr std::size_t qe_report = signature_and_key + 128 + 6;
constexpr std::size_t authentication = qe_report + 384 + 64 + 2;

bool is_trusted(TestNode const& node, Bytes const& bytes, VerifiedCollateral const& collateral, Policy const& policy)
{
    auto quote = SignedQuote::parse(bytes);
    if (!quote.ok())
        return false;
    Evidence const evidence { .quote = std::move(quote).value(),
        .event_log = node.log,
        .app_compose = node.app_compose,
        .node_keys = node.keys };
    return verify(evidence, collateral, policy).verdict == Verdict::Trusted;
}

TEST(AnyBitOfAQuote, ThatIsSignedOrAKeyOrASignatureMakesItUntrusted)
{
    TestNode const node;
    auto built = node.build();
    auto const good = node.quote_bytes();
    // One set of certificates for all: those in the quote's bytes.
    auto const chain = SignedQuote::parse(good).value().pck_chain;
    built.collateral.pck_crl_chain = { chain[1], chain[2] };
    built.collateral.tcb_info.chain[1] = built.collateral.qe_identity.chain[1] = chain[2];
    built.policy.allow(SimulatedRoot { chain[2].der() });
    auto const verified = VerifiedCollateral::verify(built.collateral, built.policy.root(), built.now);
    ASSERT_TRUE(is_trusted(node, good, verified, built.policy));

    std::pair<std::size_t, std::size_t> const ranges[] = { { 0, signed_part },
        { signature_and_key, signature_and_key + 128 }, { qe_report, qe_report + 448 },
        { authentication, authentication + 32 } };
    for (auto const& [from, to] : ranges) {
        for (auto offset = from; offset < to; offset += 3) {
            auto bad = good;
            bad[offset] ^= static_cast<std::uint8_t>(1U << (offset % 8));
            EXPECT_FALSE(is_trusted(node, bad, verified, built.policy)) << offset;
        }
    }
}

}  // namespace
}  // namespace mpc::attestation
