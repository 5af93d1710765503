#include "attestation/collateral.h"

#include <gtest/gtest.h>

#include "support/test_node.h"

namespace mpc::attestation {
namespace {

using test::TestNode;

std::string text_of(std::vector<crypto::Certificate> const& chain)
{
    std::string pem;
    for (auto const& certificate : chain)
        pem += test::pem_of(certificate.der());
    return pem;
}

/// The collateral of a node, as a file holds it, with some members replaced; null removes one.
json::Object file_with(std::vector<json::Object::Member> const& changes)
{
    TestNode const node;
    auto const built = node.build().collateral;
    json::Object const whole { { "pck_crl_issuer_chain", text_of(built.pck_crl_chain) },
        { "root_ca_crl", to_hex(test::der_of(node.root_crl)) }, { "pck_crl", to_hex(test::der_of(node.pck_crl)) },
        { "tcb_info_issuer_chain", text_of(built.tcb_info.chain) }, { "tcb_info", built.tcb_info.text },
        { "tcb_info_signature", to_hex(built.tcb_info.signature.bytes) },
        { "qe_identity_issuer_chain", text_of(built.qe_identity.chain) }, { "qe_identity", built.qe_identity.text },
        { "qe_identity_signature", to_hex(built.qe_identity.signature.bytes) } };
    json::Object file;
    for (auto const& [name, value] : changes) {
        if (!value.is_null())
            file.add(name, value);
    }
    for (auto const& [name, value] : whole) {
        bool changed = false;
        for (auto const& change : changes)
            changed = changed || change.name == name;
        if (!changed)
            file.add(name, value);
    }
    return file;
}

std::string problem(std::vector<json::Object::Member> const& changes)
{
    auto const collateral = Collateral::parse(json::write(file_with(changes)));
    return collateral.ok() ? "" : collateral.error().message();
}

bool starts_with(std::string const& text, char const* start) { return text.starts_with(start); }

TEST(Collateral, ReadsHexAndListsOfByteValues)
{
    EXPECT_EQ(problem({}), "");
    json::Array list;
    for (auto const byte : test::der_of(TestNode().root_crl))
        list.push_back(byte);
    EXPECT_EQ(problem({ { "root_ca_crl", list } }), "");
    list.push_back(256);
    EXPECT_TRUE(starts_with(problem({ { "root_ca_crl", list } }), "collateral: root_ca_crl"));
}

TEST(Collateral, IgnoresAPckChainBecauseAQuoteBringsItsOwn)
{
    EXPECT_EQ(problem({ { "pck_certificate_chain", "anything" } }), "");
}

TEST(Collateral, NeedsEveryMemberAndKnowsNoOther)
{
    for (auto const* name : { "pck_crl_issuer_chain", "root_ca_crl", "pck_crl", "tcb_info_issuer_chain", "tcb_info",
             "tcb_info_signature", "qe_identity_issuer_chain", "qe_identity", "qe_identity_signature" })
        EXPECT_NE(problem({ { name, json::Value() } }), "") << name;
    EXPECT_NE(problem({ { "more", 1 } }), "");
}

TEST(Collateral, RefusesChainsThatAreNotTwoCertificates)
{
    auto const chain = TestNode().build().collateral.pck_crl_chain;
    EXPECT_NE(problem({ { "pck_crl_issuer_chain", text_of({ chain[0] }) } }), "");
    EXPECT_NE(problem({ { "pck_crl_issuer_chain", text_of({ chain[0], chain[1], chain[1] }) } }), "");
}

TEST(Collateral, RefusesACrlInPem) { EXPECT_NE(problem({ { "pck_crl", "-----BEGIN X509 CRL-----" } }), ""); }

TEST(Collateral, RefusesSignaturesOfAnotherLength)
{
    EXPECT_NE(problem({ { "tcb_info_signature", std::string(126, '0') } }), "");
    EXPECT_NE(problem({ { "qe_identity_signature", std::string(130, '0') } }), "");
}

TEST(Collateral, KeepsTheSignedTextsBytes)
{
    auto const collateral = Collateral::parse(json::write(file_with({ { "tcb_info", " {\"a\" : \"\n\"} " } }))).value();
    EXPECT_EQ(collateral.tcb_info.text, " {\"a\" : \"\n\"} ");
}

TEST(Collateral, RefusesMoreThanItsLimitAndTextAfterIt)
{
    EXPECT_FALSE(Collateral::parse(std::string((1 << 20) + 1, ' ')).ok());
    EXPECT_FALSE(Collateral::parse(json::write(file_with({})) + "x").ok());
}

}  // namespace
}  // namespace mpc::attestation
