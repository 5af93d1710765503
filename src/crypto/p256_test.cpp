#include "crypto/p256.h"

#include <gtest/gtest.h>

#include "support/test_node.h"

namespace mpc::crypto {
namespace {

using test::SigningKey;

P256Key key_of(SigningKey const& key) { return P256Key::from_point(key.point().value()).value(); }

TEST(P256Key, VerifiesItsOwnSignatureOnly)
{
    auto const key = test::key_named("a");
    auto const signature = key.sign(as_bytes("message")).value();
    EXPECT_TRUE(key_of(key).verifies(as_bytes("message"), signature));
    EXPECT_FALSE(key_of(key).verifies(as_bytes("massage"), signature));
    EXPECT_FALSE(key_of(test::key_named("b")).verifies(as_bytes("message"), signature));
}

/// RFC 6979, A.2.5: P-256, SHA-256, message "sample".
TEST(P256Key, VerifiesAPublishedSignature)
{
    auto const point = from_hex_exactly<64>("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    P256Signature const signature {
        from_hex_exactly<64>("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                             "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")
            .value()
    };
    EXPECT_TRUE(P256Key::from_point(point.value()).value().verifies(as_bytes("sample"), signature));
}

TEST(P256Key, RefusesSignaturesOutOfRange)
{
    auto const key = test::key_named("a");
    auto const good = key.sign(as_bytes("message")).value();
    std::string const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    for (std::size_t const half : { 0, 32 }) {
        auto bad = good;
        std::fill_n(bad.bytes.begin() + static_cast<long>(half), 32, std::uint8_t { 0 });
        EXPECT_FALSE(key_of(key).verifies(as_bytes("message"), bad));
        auto const n = from_hex(order).value();
        std::copy(n.begin(), n.end(), bad.bytes.begin() + static_cast<long>(half));
        EXPECT_FALSE(key_of(key).verifies(as_bytes("message"), bad));
    }
}

TEST(P256Key, RefusesPointsThatAreNotOnTheCurve)
{
    std::array<std::uint8_t, 64> point {};
    EXPECT_FALSE(P256Key::from_point(point).ok());
    point = test::key_named("a").point().value();
    point[63] ^= 1;
    EXPECT_FALSE(P256Key::from_point(point).ok());
    point.fill(0xff);
    EXPECT_FALSE(P256Key::from_point(point).ok());
}

}  // namespace
}  // namespace mpc::crypto
