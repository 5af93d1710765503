#include "attestation/node_keys.h"

#include <gtest/gtest.h>

namespace mpc::attestation {
namespace {

TEST(NearKey, ReadsBase58)
{
    // base58 of 32 bytes of 1, and of 32 zeros
    EXPECT_EQ(to_hex(NearKey::parse("ed25519:4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi").value().bytes),
        "0101010101010101010101010101010101010101010101010101010101010101");
    EXPECT_EQ(NearKey::parse("ed25519:" + std::string(32, '1')).value().bytes, (std::array<std::uint8_t, 32> {}));
}

TEST(NearKey, RefusesOtherLengthsAndOtherLetters)
{
    for (auto const* digits : { "", "1", "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLK0",
             "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKl", "14vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi",
             "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi\n" })
        EXPECT_FALSE(NearKey::parse(std::string("ed25519:") + digits).ok()) << digits;
    EXPECT_FALSE(NearKey::parse("ed25519:" + std::string(31, '1')).ok());
    EXPECT_FALSE(NearKey::parse("ed25519:" + std::string(33, '1')).ok());
}

TEST(NearKey, RefusesOtherKinds)
{
    EXPECT_FALSE(NearKey::parse("secp256k1:4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi").ok());
    EXPECT_FALSE(NearKey::parse("4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi").ok());
}

TEST(ReportData, StartsWithItsVersionAndEndsWithZeros)
{
    auto const data = report_data_of(NodeKeys {});
    EXPECT_EQ(to_hex(ByteView(data).first(2)), "0001");
    EXPECT_EQ(to_hex(ByteView(data).last(14)), std::string(28, '0'));
}

TEST(ReportData, OfAReceiptIsItsSha384AndZeros)
{
    // SHA-384 of "abc", FIPS 180-4
    EXPECT_EQ(to_hex(report_data_of_receipt("abc")),
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
            + std::string(32, '0'));
}

}  // namespace
}  // namespace mpc::attestation
