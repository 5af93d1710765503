#include "simulator/signing_key.h"

#include <gtest/gtest.h>

namespace mpc::simulator {
namespace {

crypto::P256Key public_key(SigningKey const& key) { return crypto::P256Key::from_point(key.point().value()).value(); }

TEST(SimulatedKey, SignsWhatItsPublicKeyVerifies)
{
    for (int number = 0; number < 50; ++number) {
        auto const message = "message " + std::to_string(number);
        auto const key = SigningKey::of(Seed(7), "key " + std::to_string(number));
        EXPECT_TRUE(public_key(key).verifies(as_bytes(message), key.sign(as_bytes(message)).value())) << number;
        EXPECT_FALSE(public_key(key).verifies(as_bytes("another"), key.sign(as_bytes(message)).value())) << number;
    }
}

TEST(SimulatedKey, IsDecidedBySeedAndName)
{
    auto const point = [](std::uint64_t seed, char const* name) {
        return SigningKey::of(Seed(seed), name).point().value();
    };
    EXPECT_EQ(point(1, "a"), point(1, "a"));
    EXPECT_NE(point(1, "a"), point(1, "b"));
    EXPECT_NE(point(1, "a"), point(2, "a"));
}

TEST(SimulatedKey, SignsAMessageAlwaysTheSameWayAndAnotherWithAnotherNonce)
{
    auto const key = SigningKey::of(Seed(1), "a");
    auto const of = [&key](char const* message) { return key.sign(as_bytes(message)).value().bytes; };
    EXPECT_EQ(of("one"), of("one"));
    EXPECT_NE(to_hex(ByteView(of("one")).first(32)), to_hex(ByteView(of("two")).first(32)));
}

}  // namespace
}  // namespace mpc::simulator
