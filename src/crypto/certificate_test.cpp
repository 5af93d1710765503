#include "crypto/certificate.h"

#include <gtest/gtest.h>

#include "support/test_node.h"

namespace mpc::crypto {
namespace {

using test::der_of;
using test::pem_of;
using test::TestNode;

TEST(Certificate, ReadsItsFacts)
{
    TestNode node;
    node.pck_ca.serial = 0x1234;
    auto const certificate = Certificate::parse(der_of(node.pck_ca)).value();
    EXPECT_EQ(certificate.common_name(), "Intel SGX PCK Platform CA");
    EXPECT_EQ(certificate.issuer(), Certificate::parse(der_of(node.root)).value().subject());
    EXPECT_EQ(to_hex(certificate.serial()), "1234");
    EXPECT_EQ(certificate.validity().from, node.pck_ca.from);
    EXPECT_EQ(certificate.validity().until, node.pck_ca.until);
    EXPECT_TRUE(certificate.usage().certificate_authority);
    EXPECT_TRUE(certificate.usage().signs_certificates);
    EXPECT_TRUE(certificate.usage().signs_crls);
    EXPECT_FALSE(certificate.usage().signs_data);
    EXPECT_EQ(certificate.key().point(), node.pck_ca.key.point().value());
}

TEST(Certificate, KnowsWhoSignedIt)
{
    TestNode const node;
    auto const certificate = Certificate::parse(der_of(node.pck_ca)).value();
    EXPECT_TRUE(certificate.signed_by(Certificate::parse(der_of(node.root)).value().key()));
    EXPECT_FALSE(certificate.signed_by(certificate.key()));
}

TEST(Certificate, RefusesTrailingBytesAndEveryTruncation)
{
    auto der = der_of(TestNode().pck);
    for (std::size_t size = 0; size < der.size(); size += 5)
        EXPECT_FALSE(Certificate::parse(ByteView(der).first(size)).ok()) << size;
    der.push_back(0);
    EXPECT_FALSE(Certificate::parse(der).ok());
}

TEST(Certificate, RefusesAnotherHash)
{
    TestNode node;
    node.pck.digest = "SHA384";
    EXPECT_FALSE(Certificate::parse(der_of(node.pck)).ok());
}

TEST(Certificate, RefusesAMalformedExtension)
{
    TestNode node;
    node.pck.key_usage = "critical,DER:05:00";
    EXPECT_FALSE(Certificate::parse(der_of(node.pck)).ok());
}

TEST(Certificate, GivesAnExtensionOnceOrNotAtAll)
{
    TestNode node;
    constexpr auto oid = "1.2.840.113741.1.13.1";
    auto const extension_of = [&node] { return Certificate::parse(der_of(node.pck)).value().extension(oid); };
    EXPECT_FALSE(extension_of().value());
    node.pck.sgx_extension = { 1, 2, 3 };
    EXPECT_EQ(extension_of().value(), (Bytes { 1, 2, 3 }));
    node.pck.sgx_extension_count = 2;
    EXPECT_FALSE(extension_of().ok());
}

TEST(Chain, IsExactlyThatManyPemCertificatesAndLineBreaks)
{
    TestNode const node;
    auto const one = pem_of(der_of(node.pck_ca)), two = pem_of(der_of(node.root));
    EXPECT_EQ(parse_chain(one + two, 2).value().size(), 2U);
    EXPECT_TRUE(parse_chain("\r\n" + one + "\n\r\n" + two + "\n", 2).ok());
    EXPECT_FALSE(parse_chain(one, 2).ok());
    EXPECT_FALSE(parse_chain(one + two + two, 2).ok());
    EXPECT_FALSE(parse_chain(one + "x" + two, 2).ok());
    EXPECT_FALSE(parse_chain("x" + one + two, 2).ok());
    EXPECT_FALSE(parse_chain(one + two + "x", 2).ok());
    EXPECT_FALSE(parse_chain(one + two + std::string(1, '\0'), 2).ok());
    EXPECT_FALSE(parse_chain("", 2).ok());
    EXPECT_FALSE(parse_chain(one + two + std::string(16 << 10, '\n'), 2).ok());
}

TEST(Chain, RefusesOtherLabelsAndWhatIsNotBase64)
{
    auto const pem = pem_of(der_of(TestNode().root));
    auto other = pem;
    other.replace(other.find("CERTIFICATE"), 11, "PUBLIC KEY!");
    EXPECT_FALSE(parse_chain(other, 1).ok());
    other = pem;
    other.replace(40, 1, "*");
    EXPECT_FALSE(parse_chain(other, 1).ok());
    EXPECT_FALSE(parse_chain(pem.substr(0, pem.size() - 10), 1).ok());
}

TEST(RevocationList, RevokesWhatItListsAndNothingElse)
{
    TestNode node;
    node.root_crl.revoked = { 5, 0x1234, 3 };
    auto const list = test::issue(node.root_crl);
    for (auto const& [serial, revoked] : std::vector<std::pair<long, bool>> {
             { 3, true }, { 5, true }, { 0x1234, true }, { 4, false }, { 0x12, false }, { 0x34, false } }) {
        node.pck_ca.serial = serial;
        EXPECT_EQ(list.revokes(test::issue(node.pck_ca)), revoked) << serial;
    }
}

TEST(RevocationList, KnowsWhoSignedItAndWhenItHolds)
{
    TestNode const node;
    auto const list = test::issue(node.root_crl);
    EXPECT_TRUE(list.signed_by(test::issue(node.root).key()));
    EXPECT_FALSE(list.signed_by(test::issue(node.pck_ca).key()));
    EXPECT_EQ(list.issuer(), test::issue(node.root).subject());
    EXPECT_EQ(list.validity().from, node.root_crl.from);
    EXPECT_EQ(list.validity().until, node.root_crl.until);
}

TEST(RevocationList, RefusesDeltasAndListsWithoutANumber)
{
    TestNode node;
    node.root_crl.is_delta = true;
    EXPECT_FALSE(RevocationList::parse(der_of(node.root_crl)).ok());
    node = TestNode();
    node.root_crl.has_number = false;
    EXPECT_FALSE(RevocationList::parse(der_of(node.root_crl)).ok());
}

TEST(RevocationList, RefusesTrailingBytesAndEveryTruncation)
{
    auto der = der_of(TestNode().root_crl);
    for (std::size_t size = 0; size < der.size(); ++size)
        EXPECT_FALSE(RevocationList::parse(ByteView(der).first(size)).ok()) << size;
    der.push_back(0);
    EXPECT_FALSE(RevocationList::parse(der).ok());
}

}  // namespace
}  // namespace mpc::crypto
