#include "simulator/platform.h"

#include <gtest/gtest.h>

#include "attestation/verified_collateral.h"

namespace mpc::simulator {
namespace {

using attestation::CheckId;

constexpr crypto::Time now(std::chrono::seconds(1786622400));

Platform platform(std::uint64_t seed = 7) { return { Seed(seed), now }; }

attestation::Collateral collateral_of(Platform const& platform, BinaryForm form = BinaryForm::Hex)
{
    auto const published = platform.publish(platform.issue().value()).value();
    return attestation::Collateral::parse(json_of(published, form)).value();
}

/// Whether the collateral of that platform holds at that time.
bool holds(attestation::Collateral const& collateral, crypto::Time time)
{
    attestation::SimulatedRoot const root { collateral.pck_crl_chain.back().der() };
    auto const verified =
        attestation::VerifiedCollateral::verify(collateral, attestation::TrustRoot::simulated(root), time);
    for (auto id = CheckId::RootPinned; id <= CheckId::QeIdentityCurrent;
        id = static_cast<CheckId>(static_cast<int>(id) + 1)) {
        if (!verified.checks().passed(id))
            return false;
    }
    return true;
}

TEST(SimulatedPlatform, HasTheSameCertificatesForTheSameSeedWhateverTheTime)
{
    auto const a = platform().issue().value();
    auto const b = Platform(Seed(7), now + std::chrono::days(100)).issue().value();
    EXPECT_EQ(a.root, b.root);
    EXPECT_EQ(a.pck_chain(), b.pck_chain());
    EXPECT_NE(a.root, platform(8).issue().value().root);
}

TEST(SimulatedPlatform, SaysInEveryCertificateThatItIsSimulated)
{
    auto const issued = platform().issue().value();
    for (auto const& der : { issued.root, issued.pck_ca, issued.tcb_signer, issued.pck })
        EXPECT_NE(as_text(der).find("SIMULATED, not by Intel"), std::string_view::npos);
}

TEST(SimulatedPlatform, PublishesACollateralThatHoldsFor30Days)
{
    auto const collateral = collateral_of(platform());
    EXPECT_TRUE(holds(collateral, now));
    EXPECT_TRUE(holds(collateral, now + std::chrono::days(29)));
    EXPECT_FALSE(holds(collateral, now + std::chrono::days(30)));
    EXPECT_FALSE(holds(collateral, now - std::chrono::days(1)));
}

TEST(SimulatedPlatform, PublishesItInBothForms)
{
    EXPECT_TRUE(holds(collateral_of(platform(), BinaryForm::Numbers), now));
}

TEST(SimulatedPlatform, SignsWhateverIsChanged)
{
    auto changed = platform();
    changed.tcb_info.levels[0].status = "OutOfDate";
    changed.root_crl.revoked = { 77 };
    EXPECT_TRUE(holds(collateral_of(changed), now));
}

}  // namespace
}  // namespace mpc::simulator
