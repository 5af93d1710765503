#include "net/pcs_response.h"

#include <gtest/gtest.h>

#include "http/message.h"
#include "json/json.h"

namespace mpc::net {
namespace {

std::string const signature(128, 'a');

std::string answer(std::string const& member)
{
    return R"({"tcbInfo":)" + member + R"(,"signature":")" + signature + "\"}";
}

std::string text_of(std::string const& json, std::string_view name = "tcbInfo")
{
    auto const text = member_text(json, name);
    return text.ok() ? std::string(*text) : "error: " + text.error().message();
}

TEST(MemberText, IsTheVeryBytes)
{
    for (std::string const value : { R"({"a":1})", R"({ "a" : [ 1 , 2 ] , "b" : { } })", "{\n\t\"a\":\r\n1.50e+1}",
             R"({"a":"}],{\"\\"})", R"({"a":"\u007d\/ä"})", R"({"a":[[{}],"x"]})", "{}" })
        EXPECT_EQ(text_of(answer(value)), value);
}

TEST(MemberText, HasNoSpaceAroundIt) { EXPECT_EQ(text_of(" { \"tcbInfo\" :\n {} \n } \n"), "{}"); }

TEST(MemberText, IsFoundBehindEveryKindOfValue)
{
    EXPECT_EQ(text_of(R"({"a":"\"}","b":[{"tcbInfo":0}],"c":{"tcbInfo":1},"d":-1.5e3,"e":null,"tcbInfo":{"x":2}})"),
        R"({"x":2})");
    EXPECT_EQ(text_of(R"({"a":"tcbInfo","tcbInfo":true,"b":1})"), "true");
    EXPECT_EQ(text_of(R"({"":",}","tcbInfo":"\\"})"), R"("\\")");
}

TEST(MemberText, IsFoundByANameThatIsWrittenWithEscapes)
{
    EXPECT_EQ(text_of(R"({"x\"tcbInfo":1,"tcb\u0049nfo":{"y":3}})"), R"({"y":3})");
}

TEST(MemberText, RefusesWhatIsNotOneStrictObject)
{
    for (auto const* json :
        { "", "[]", R"({"tcbInfo":{}} x)", R"({"tcbInfo":{},"tcbInfo":{}})", R"({"tcbInfo":{},"tcb\u0049nfo":{}})",
            R"({"tcbInfo":{)", "\xef\xbb\xbf{\"tcbInfo\":{}}", R"({'tcbInfo':{}})" })
        EXPECT_FALSE(member_text(json, "tcbInfo").ok()) << json;
    EXPECT_EQ(text_of("{}"), "error: the member tcbInfo is missing");
}

TEST(MemberText, RefusesDepthAndSizeBeyondTheLimits)
{
    auto const nested = [](std::size_t depth) {
        return "{\"tcbInfo\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    EXPECT_TRUE(member_text(nested(31), "tcbInfo").ok());
    EXPECT_FALSE(member_text(nested(32), "tcbInfo").ok());
    EXPECT_FALSE(member_text("{\"tcbInfo\":\"" + std::string(1 << 20, 'x') + "\"}", "tcbInfo").ok());
}

TEST(SignedMember, GivesTextAndSignature)
{
    auto const member = parse_signed_member(answer(R"({"id": "TDX"})"), "tcbInfo");
    ASSERT_TRUE(member.ok()) << member.error().message();
    EXPECT_EQ(member->text, R"({"id": "TDX"})");
    EXPECT_EQ(member->signature, signature);
}

TEST(SignedMember, RefusesOtherMembersAndSignatures)
{
    for (auto const& body : { answer("\"text\""), answer("[]"), std::string(R"({"tcbInfo":{}})"),
             R"({"tcbInfo":{},"signature":")" + signature + "00\"}", std::string(R"({"tcbInfo":{},"signature":5})"),
             R"({"tcbInfo":{},"signature":")" + std::string(128, 'g') + "\"}" })
        EXPECT_FALSE(parse_signed_member(body, "tcbInfo").ok()) << body;
    EXPECT_FALSE(parse_signed_member(answer("{}"), "enclaveIdentity").ok());
    EXPECT_FALSE(parse_signed_member("<html><body>404</body></html>", "tcbInfo").ok());
}

TEST(ChainHeader, IsDecoded)
{
    std::string const pem = "-----BEGIN CERTIFICATE-----\nMII+/a==\r\n-----END CERTIFICATE-----\n";
    EXPECT_EQ(*decode_chain_header(http::percent_encode(pem)), pem);
    EXPECT_EQ(*decode_chain_header("a/b=%2b%2B"), "a/b=++");
}

TEST(ChainHeader, IsDecodedStrictly)
{
    for (auto const* value : { "a+b", "%", "%4", "%zz", "a%0", "%00", "%01", "%7f", "%ff", "%1b", "\t", "%25%00" })
        EXPECT_FALSE(decode_chain_header(value).ok()) << value;
    EXPECT_TRUE(decode_chain_header(std::string(16 << 10, 'a')).ok());
    EXPECT_FALSE(decode_chain_header(std::string((16 << 10) + 1, 'a')).ok());
}

TEST(ChainHeader, IsDecodedOnce) { EXPECT_EQ(*decode_chain_header("%2525"), "%25"); }

TEST(Crl, ComesAsDerAsHexAndAsPem)
{
    Bytes const der { 0x30, 0x03, 0x02, 0x01, 0x05 };
    EXPECT_EQ(*decode_crl(as_text(der)), der);
    EXPECT_EQ(*decode_crl("3003020105"), der);
    EXPECT_EQ(*decode_crl("3003020105\r\n"), der);
    std::string const pem = "-----BEGIN X509 CRL-----\nMAMC\nAQU=\n-----END X509 CRL-----\n";
    EXPECT_EQ(*decode_crl(pem), der);
}

TEST(Crl, RefusesEverythingElse)
{
    std::string const pem = "-----BEGIN X509 CRL-----\nMAMCAQU=\n-----END X509 CRL-----\n";
    for (auto const& body :
        { std::string("<html></html>"), "junk" + pem, pem + "junk", pem + pem, std::string("-----BEGIN X509 CRL-----"),
            std::string("-----BEGIN X509 CRL-----\nMAMC*AQU=\n-----END X509 CRL-----"),
            std::string("-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----"), std::string("30030"),
            std::string("3003 0201 05") })
        EXPECT_FALSE(decode_crl(body).ok()) << body;
    EXPECT_FALSE(decode_crl(std::string((2 << 20) + 1, '3')).ok());
}

}  // namespace
}  // namespace mpc::net
