// The framing of a quote: what is tolerated, and that nothing else is.
#include "attestation/quote.h"

#include <gtest/gtest.h>

#include "support/test_node.h"

namespace mpc::attestation {
namespace {

using test::TestNode;

// Where things are in a version 4 quote.
constexpr std::size_t section_size = 632;
constexpr std::size_t section = 636;
constexpr std::size_t outer_type = section + 128;
constexpr std::size_t outer_size = outer_type + 2;
constexpr std::size_t authentication_size = outer_size + 4 + 384 + 64;
constexpr std::size_t inner_type = authentication_size + 2 + 32;
constexpr std::size_t inner_size = inner_type + 2;
constexpr std::size_t chain = inner_size + 4;

void add_to_u32(Bytes& quote, std::size_t offset, int difference)
{
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value |= std::uint32_t { quote[offset + i] } << (8 * i);
    value += static_cast<std::uint32_t>(difference);
    for (std::size_t i = 0; i < 4; ++i)
        quote[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::string problem(Bytes const& quote)
{
    auto const parsed = SignedQuote::parse(quote);
    return parsed.ok() ? "" : parsed.error().message();
}

bool contains(std::string const& text, char const* part) { return text.find(part) != std::string::npos; }

TEST(SignedQuote, ReadsEveryField)
{
    TestNode node;
    node.quote.td.mr_signer_seam[47] = 9;
    node.quote.qe.isvsvn = 0x1234;
    auto const quote = SignedQuote::parse(node.quote_bytes()).value();
    EXPECT_EQ(quote.version, 4);
    EXPECT_EQ(quote.td.tee_tcb_svn, node.quote.td.tee_tcb_svn);
    EXPECT_EQ(quote.td.mr_signer_seam, node.quote.td.mr_signer_seam);
    EXPECT_EQ(quote.td.td_attributes, 0x10000000U);
    EXPECT_EQ(quote.td.report_data, report_data_of(node.keys));
    EXPECT_EQ(quote.qe_report.isvsvn, 0x1234);
    EXPECT_EQ(quote.qe_report.mrsigner, node.quote.qe.mrsigner);
    EXPECT_EQ(quote.signed_bytes.size(), section_size);
    EXPECT_EQ(quote.pck_chain.size(), 3U);
    EXPECT_FALSE(quote.td.td15);
}

TEST(SignedQuote, ReadsVersion5WithItsDescriptorInTheSignedPart)
{
    TestNode node;
    node.quote.shape = test::QuoteShape::V5Td10;
    EXPECT_EQ(SignedQuote::parse(node.quote_bytes()).value().signed_bytes.size(), 638U);
    node.quote.shape = test::QuoteShape::V5Td15;
    auto const quote = SignedQuote::parse(node.quote_bytes()).value();
    EXPECT_EQ(quote.signed_bytes.size(), 702U);
    ASSERT_TRUE(quote.td.td15);
    EXPECT_EQ(quote.td.td15->tee_tcb_svn2, node.quote.td.tee_tcb_svn);
}

TEST(SignedQuote, ToleratesZerosAfterItAndCountsThem)
{
    TestNode node;
    node.quote.trailing = Bytes(70);
    EXPECT_EQ(SignedQuote::parse(node.quote_bytes()).value().trailing_bytes, 70U);
    node.quote.trailing[69] = 1;
    EXPECT_NE(problem(node.quote_bytes()), "");
}

TEST(SignedQuote, ToleratesNulsAfterThePemChainAndNothingElse)
{
    auto const with = [](std::uint8_t last) {
        auto quote = TestNode().quote_bytes();
        quote.push_back(last);
        for (auto const offset : { section_size, outer_size, inner_size })
            add_to_u32(quote, offset, 1);
        return problem(quote);
    };
    EXPECT_EQ(with(0), "");
    EXPECT_TRUE(contains(with('x'), "PCK chain"));
}

TEST(SignedQuote, RefusesSlackInsideTheSignatureSection)
{
    auto quote = TestNode().quote_bytes();
    quote.push_back(0);
    add_to_u32(quote, section_size, 1);
    EXPECT_TRUE(contains(problem(quote), "1 bytes after the certification data"));
    add_to_u32(quote, outer_size, 1);
    EXPECT_TRUE(contains(problem(quote), "1 bytes after the certification data"));
}

TEST(SignedQuote, RefusesNestedSizesBeyondTheirParent)
{
    for (auto const offset : { section_size, outer_size, inner_size }) {
        auto quote = TestNode().quote_bytes();
        add_to_u32(quote, offset, 1);
        EXPECT_NE(problem(quote), "") << offset;
        quote = TestNode().quote_bytes();
        for (std::size_t i = 0; i < 4; ++i)
            quote[offset + i] = 0xff;
        EXPECT_NE(problem(quote), "") << offset;
    }
    auto quote = TestNode().quote_bytes();
    quote[authentication_size] = quote[authentication_size + 1] = 0xff;
    EXPECT_TRUE(contains(problem(quote), "QE authentication data"));
}

TEST(SignedQuote, RefusesOtherCertificationData)
{
    auto quote = TestNode().quote_bytes();
    quote[outer_type] = 5;
    EXPECT_TRUE(contains(problem(quote), "type 5 instead of 6"));
    for (std::uint8_t type : { 1, 2, 3, 4, 6, 7 }) {
        quote = TestNode().quote_bytes();
        quote[inner_type] = type;
        EXPECT_TRUE(contains(problem(quote), "instead of 5"));
    }
}

TEST(SignedQuote, RefusesChainsThatAreNotThreePemCertificates)
{
    auto quote = TestNode().quote_bytes();
    quote[chain] = ' ';
    EXPECT_TRUE(contains(problem(quote), "PEM"));
}

TEST(SignedQuote, RefusesEveryTruncation)
{
    auto const whole = TestNode().quote_bytes();
    for (std::size_t size = 0; size < whole.size(); size += 7)
        EXPECT_NE(problem(Bytes(whole.begin(), whole.begin() + static_cast<long>(size))), "") << size;
}

TEST(SignedQuote, RefusesMoreThan64KiB) { EXPECT_TRUE(contains(problem(Bytes(65537)), "64 KiB")); }

TEST(SignedQuote, RefusesSgxAndUnknownKindsByName)
{
    auto quote = TestNode().quote_bytes();
    quote[4] = 0;
    EXPECT_TRUE(contains(problem(quote), "SGX"));
    quote[0] = 3;
    EXPECT_TRUE(contains(problem(quote), "SGX"));
    quote = TestNode().quote_bytes();
    quote[0] = 6;
    EXPECT_TRUE(contains(problem(quote), "version 6"));
    quote = TestNode().quote_bytes();
    quote[2] = 3;
    EXPECT_TRUE(contains(problem(quote), "attestation key type 3"));
    TestNode node;
    node.quote.shape = test::QuoteShape::V5Td10;
    quote = node.quote_bytes();
    quote[48] = 4;
    EXPECT_TRUE(contains(problem(quote), "body type 4"));
    quote[48] = 3;
    EXPECT_TRUE(contains(problem(quote), "bytes"));
}

}  // namespace
}  // namespace mpc::attestation
