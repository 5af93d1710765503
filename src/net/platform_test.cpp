#include "net/platform.h"

#include <gtest/gtest.h>

#include "support/test_node.h"

namespace mpc::net {
namespace {

using test::TestNode;

Result<Platform> platform_of(TestNode const& node)
{
    return Platform::of(attestation::SignedQuote::parse(node.quote_bytes()).value());
}

TEST(Platform, IsWhatThePckCertificateSays)
{
    TestNode node;
    auto const platform = platform_of(node);
    ASSERT_TRUE(platform.ok()) << platform.error().message();
    EXPECT_EQ(platform->fmspc_hex(), "b0c06f000000");
    EXPECT_STREQ(name_of(platform->ca), "platform");

    node.pck_ca.common_name = node.pck.issuer_name = "Intel SGX PCK Processor CA";
    EXPECT_STREQ(name_of(platform_of(node)->ca), "processor");
}

TEST(Platform, IsUnknownWhenAnotherAuthorityIssuedThePck)
{
    TestNode node;
    node.pck_ca.common_name = node.pck.issuer_name = "Intel SGX PCK Platform CA 2";
    EXPECT_FALSE(platform_of(node).ok());
}

TEST(Platform, IsUnknownWhenTheChainDoesNotHangTogether)
{
    TestNode node;
    node.pck.issuer_name = "Intel SGX PCK Processor CA";
    EXPECT_FALSE(platform_of(node).ok());
}

TEST(Platform, IsUnknownWithoutAnSgxExtension)
{
    TestNode node;
    node.sgx_extension.leave_out_field = 4;
    EXPECT_FALSE(platform_of(node).ok());
}

}  // namespace
}  // namespace mpc::net
