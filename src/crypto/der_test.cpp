#include "crypto/der.h"

#include <gtest/gtest.h>

namespace mpc::crypto {
namespace {

bool is_integer(Bytes const& der, std::uint32_t most) { return DerReader(der).next_integer(most).ok(); }

TEST(DerReader, ReadsWholeNumbersInTheirShortestForm)
{
    EXPECT_EQ(DerReader(Bytes { 2, 1, 5 }).next_integer(9).value(), 5U);
    EXPECT_EQ(DerReader(Bytes { 2, 2, 0, 0xff }).next_integer(0xff).value(), 255U);
    EXPECT_EQ(DerReader(Bytes { 2, 3, 0, 0xff, 0xff }).next_integer(0xffff).value(), 0xffffU);
    EXPECT_FALSE(is_integer({ 2, 1, 0xff }, 0xff)) << "negative";
    EXPECT_FALSE(is_integer({ 2, 2, 0, 5 }, 0xff)) << "padded";
    EXPECT_FALSE(is_integer({ 2, 0 }, 0xff)) << "empty";
    EXPECT_FALSE(is_integer({ 2, 5, 0, 0xff, 0, 0, 0 }, 0xffffffff)) << "too long";
    EXPECT_FALSE(is_integer({ 2, 1, 10 }, 9)) << "too large";
}

TEST(DerReader, RefusesOtherTagsAndLengthsBeyondTheEnd)
{
    EXPECT_FALSE(DerReader(Bytes { 4, 1, 5 }).next(Tag::Integer).ok());
    EXPECT_FALSE(DerReader(Bytes { 0x82, 1, 5 }).next(Tag::Integer).ok()) << "context class";
    EXPECT_FALSE(DerReader(Bytes { 0x22, 1, 5 }).next(Tag::Integer).ok()) << "constructed";
    EXPECT_FALSE(DerReader(Bytes { 0x30, 0x80, 0, 0 }).next(Tag::Sequence).ok()) << "indefinite length";
    EXPECT_FALSE(DerReader(Bytes { 2, 2, 5 }).next(Tag::Integer).ok());
    EXPECT_FALSE(DerReader(Bytes { 2, 0x84, 0xff, 0xff, 0xff, 0xff }).next(Tag::Integer).ok());
    EXPECT_FALSE(DerReader(Bytes {}).next(Tag::Integer).ok());
}

TEST(DerReader, SaysWhatIsLeft)
{
    Bytes const der { 4, 2, 7, 8, 4, 0 };
    DerReader reader(der);
    EXPECT_EQ(to_hex(reader.next_octets(2).value()), "0708");
    EXPECT_FALSE(reader.finish().ok());
    EXPECT_TRUE(reader.next_octets(0).ok());
    EXPECT_TRUE(reader.at_end());
    EXPECT_TRUE(reader.finish().ok());
}

}  // namespace
}  // namespace mpc::crypto
