// What an endpoint is, as it is written on a command line.
#include <gtest/gtest.h>

#include "net/collateral_source.h"
#include "support/reference_vectors.h"

namespace mpc::net {
namespace {

TEST(Endpoint, HasAnAddressAndOptions)
{
    auto const plain = Endpoint::parse("https://pccs.example:8081");
    ASSERT_TRUE(plain.ok()) << plain.error().message();
    EXPECT_TRUE(std::holds_alternative<SystemStore>(plain->tls));
    EXPECT_FALSE(plain->root_crl);
    auto const ca = Endpoint::parse("https://pccs.example/a/,ca=/etc/ca.pem,root-crl=https://crl.example/root.der");
    ASSERT_TRUE(ca.ok()) << ca.error().message();
    EXPECT_EQ(std::get<CaFile>(ca->tls).path, "/etc/ca.pem");
    EXPECT_EQ(ca->root_crl->text(), "https://crl.example/root.der");
    EXPECT_TRUE(std::holds_alternative<InsecureTls>(Endpoint::parse("https://pccs.example,insecure")->tls));
}

TEST(Endpoint, DropsThePathThatIntelsConfigurationFilesHave)
{
    auto const base = Endpoint::parse("https://pccs.example/a")->base;
    for (auto const* tail : { "/", "/sgx/certification/v4", "/sgx/certification/v4/" })
        EXPECT_EQ(Endpoint::parse(std::string("https://pccs.example/a") + tail)->base, base) << tail;
}

TEST(Endpoint, RefusesWhatIsNoneWithARemedy)
{
    for (auto const* text : { "", "pccs.example", "https://pccs.example,", "https://pccs.example,ca=",
             "https://pccs.example,ca=/a,insecure", "https://pccs.example,insecure,insecure",
             "https://pccs.example,trust", "https://pccs.example?x=y", "https://pccs.example,root-crl=x" }) {
        auto const endpoint = Endpoint::parse(text);
        ASSERT_FALSE(endpoint.ok()) << text;
        EXPECT_FALSE(endpoint.error().remedy().empty()) << text;
    }
}

TEST(Endpoint, OfIntelHasTheRootCrlWhereIntelPublishesIt)
{
    EXPECT_EQ(Endpoint::parse("https://api.trustedservices.intel.com")->root_crl->text(), intel_root_crl);
    auto const defaults = Endpoint::defaults();
    ASSERT_EQ(defaults.size(), 2U);
    EXPECT_EQ(defaults[0].base.display(), "https://api.trustedservices.intel.com/");
    EXPECT_EQ(defaults[1].base.display(), "https://pccs.phala.network/");
}

TEST(IntelRootCrl, IsWhereThePinnedRootSaysItIs)
{
    NEED_REFERENCE_VECTORS();
    auto const text = test::reference_vector("near-mpc/collateral.json");
    auto const root = attestation::Collateral::parse(text)->pck_crl_chain[1];
    ASSERT_TRUE(attestation::TrustRoot::intel().is(root));
    auto const points = root.extension("2.5.29.31");
    ASSERT_TRUE(points.ok() && *points);
    EXPECT_NE(as_text(**points).find(intel_root_crl), std::string_view::npos);
}

}  // namespace
}  // namespace mpc::net
