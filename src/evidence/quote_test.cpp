#include "evidence/quote.h"

#include <gtest/gtest.h>

#include "support/reference_vectors.h"

namespace mpc::evidence {
namespace {

/// A quote whose every byte of the TD report tells where it stands, with parts to break.
struct QuoteBuilder {
    std::uint16_t version = 4;
    std::uint16_t key_type = 2;
    std::uint32_t tee_type = 0x81;
    std::uint16_t body_type = 2;    // version 5 only
    std::uint32_t body_size = 584;  // version 5 only
    std::size_t report_size = 584;
    std::uint32_t signature_size = 100;
    Bytes signature = Bytes(100, 0x55);
    Bytes padding {};

    [[nodiscard]] Bytes build() const
    {
        Bytes quote;
        append(quote, version, 2);
        append(quote, key_type, 2);
        append(quote, tee_type, 4);
        quote.resize(48);
        if (version == 5) {
            append(quote, body_type, 2);
            append(quote, body_size, 4);
        }
        for (std::size_t i = 0; i < report_size; ++i)
            quote.push_back(static_cast<std::uint8_t>(i / 4));
        append(quote, signature_size, 4);
        quote.insert(quote.end(), signature.begin(), signature.end());
        quote.insert(quote.end(), padding.begin(), padding.end());
        return quote;
    }

private:
    static void append(Bytes& bytes, std::uint32_t number, int size)
    {
        for (int i = 0; i < size; ++i)
            bytes.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
    }
};

QuoteBuilder td15() { return { .version = 5, .body_type = 3, .body_size = 648, .report_size = 648 }; }

std::string refusal_of(QuoteBuilder const& builder)
{
    auto const view = parse_quote(builder.build());
    if (view.ok())
        return "accepted";
    EXPECT_EQ(view.error().kind(), ErrorKind::Invalid);
    return view.error().message();
}

void expect_fields_at_their_places(QuoteView const& view)
{
    EXPECT_EQ(view.mrtd.front(), 136 / 4);
    EXPECT_EQ(view.mr_config_id.front(), 184 / 4);
    EXPECT_EQ(view.rtmrs[0].value().front(), 328 / 4);
    EXPECT_EQ(view.rtmrs[1].value().front(), 376 / 4);
    EXPECT_EQ(view.rtmrs[2].value().front(), 424 / 4);
    EXPECT_EQ(view.rtmrs[3].value().front(), 472 / 4);
    EXPECT_EQ(view.rtmrs[3].value().back(), 519 / 4);
    EXPECT_EQ(view.report_data.front(), 520 / 4);
    EXPECT_EQ(view.report_data.back(), 583 / 4);
}

TEST(Quote, ReadsVersion4)
{
    auto const view = parse_quote(QuoteBuilder {}.build());
    ASSERT_TRUE(view.ok()) << view.error().message();
    EXPECT_EQ(view->version, 4);
    expect_fields_at_their_places(*view);
}

TEST(Quote, ReadsVersion5WithEitherBody)
{
    auto const td10 = parse_quote(QuoteBuilder { .version = 5 }.build());
    ASSERT_TRUE(td10.ok()) << td10.error().message();
    EXPECT_EQ(td10->version, 5);
    expect_fields_at_their_places(*td10);

    auto const view = parse_quote(td15().build());
    ASSERT_TRUE(view.ok()) << view.error().message();
    expect_fields_at_their_places(*view);
}

TEST(Quote, RefusesAnotherVersion)
{
    EXPECT_EQ(refusal_of({ .version = 6 }), "quote: version 6 is neither 4 nor 5");
    EXPECT_EQ(refusal_of({ .version = 0 }), "quote: version 0 is neither 4 nor 5");
}

TEST(Quote, RefusesSgxByName)
{
    std::string const sgx = "quote: it is of an SGX enclave, not of a TDX virtual machine";
    EXPECT_EQ(refusal_of({ .version = 3, .tee_type = 0 }), sgx);
    EXPECT_EQ(refusal_of({ .tee_type = 0 }), sgx);
    EXPECT_EQ(refusal_of({ .version = 5, .tee_type = 0 }), sgx);
}

TEST(Quote, RefusesAnUnknownTee)
{
    EXPECT_EQ(refusal_of({ .tee_type = 0x82 }), "quote: TEE type 0x82 is not TDX (0x81)");
    // All four bytes count.
    EXPECT_NE(refusal_of({ .tee_type = 0x01000081 }), "accepted");
}

TEST(Quote, RefusesAnotherKeyType)
{
    EXPECT_EQ(refusal_of({ .key_type = 3 }), "quote: attestation key type 3 is not ECDSA P-256 (2)");
}

TEST(Quote, RefusesAnotherBodyOfVersion5)
{
    EXPECT_EQ(refusal_of({ .version = 5, .body_type = 1 }), "quote: body type 1 is neither TD 1.0 (2) nor TD 1.5 (3)");
    EXPECT_NE(refusal_of({ .version = 5, .body_type = 4 }), "accepted");
}

TEST(Quote, RefusesABodyWhoseSizeIsNotThatOfItsType)
{
    EXPECT_EQ(refusal_of({ .version = 5, .body_size = 648 }),
        "quote: a body of type 2 has 584 bytes, this one says 648");
    auto builder = td15();
    builder.body_size = 584;
    EXPECT_NE(refusal_of(builder), "accepted");
}

TEST(Quote, RefusesASignatureThatIsNotAllThere)
{
    EXPECT_EQ(refusal_of({ .signature_size = 101 }), "quote: signature at byte 636: 101 bytes expected, 100 left");
    EXPECT_EQ(refusal_of({ .signature_size = 0xffffffff }),
        "quote: signature at byte 636: 4294967295 bytes expected, 100 left");
}

TEST(Quote, AllowsZeroBytesAfterTheSignature) { EXPECT_EQ(refusal_of({ .padding = Bytes(70, 0) }), "accepted"); }

TEST(Quote, RefusesOtherBytesAfterTheSignature)
{
    EXPECT_EQ(refusal_of({ .padding = { 0, 0, 1 } }), "quote: bytes other than zero follow its signature");
}

TEST(Quote, RefusesEveryCut)
{
    for (auto const& builder : { QuoteBuilder {}, QuoteBuilder { .version = 5 }, td15() }) {
        auto const whole = builder.build();
        for (std::size_t size = 0; size < whole.size(); ++size) {
            // A copy of exactly that size, so that a sanitizer sees a read beyond it.
            Bytes const cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            ASSERT_FALSE(parse_quote(cut).ok()) << size;
        }
        ASSERT_TRUE(parse_quote(whole).ok());
    }
}

TEST(GenuineQuote, OfEitherVersionIsRead)
{
    NEED_REFERENCE_VECTORS();
    auto const v4 = parse_quote(as_bytes(test::reference_vector("dcap-qvl/tdx_quote")));
    ASSERT_TRUE(v4.ok()) << v4.error().message();
    EXPECT_EQ(v4->version, 4);
    auto const v5 = parse_quote(as_bytes(test::reference_vector("dcap-qvl/tdx_quote_outdated")));
    ASSERT_TRUE(v5.ok()) << v5.error().message();
    EXPECT_EQ(v5->version, 5);
}

TEST(GenuineQuote, OfAnSgxEnclaveIsRefused)
{
    NEED_REFERENCE_VECTORS();
    auto const view = parse_quote(as_bytes(test::reference_vector("dcap-qvl/sgx_quote")));
    EXPECT_EQ(view.error().message(), "quote: it is of an SGX enclave, not of a TDX virtual machine");
}

TEST(GenuineQuote, CutWithinItsContentIsRefusedAndCutWithinItsPaddingIsRead)
{
    NEED_REFERENCE_VECTORS();
    // 5006 bytes, of which the last 70 are dstack's padding.
    auto const whole = test::reference_vector("dcap-qvl/tdx_quote");
    for (std::size_t size = 0; size <= whole.size(); ++size)
        ASSERT_EQ(parse_quote(as_bytes(std::string(whole, 0, size))).ok(), size >= 4936) << size;
}

TEST(GenuineQuote, NamesTheComposeFileThatItsVmWasConfiguredWith)
{
    NEED_REFERENCE_VECTORS();
    auto const view = parse_quote(test::reference_mpc_quote());
    auto const compose_hash = sha256({ as_bytes(test::reference_vector("near-mpc/app_compose.json")) });
    EXPECT_EQ(to_hex(view->mr_config_id), "01" + to_hex(compose_hash) + std::string(30, '0'));
    auto const info = json::read_object(test::reference_vector("near-mpc/tcb_info.json"));
    EXPECT_EQ(to_hex(view->mrtd), info->require_text("mrtd").value());
}

}  // namespace
}  // namespace mpc::evidence
