#include "image/digest.h"

#include <gtest/gtest.h>

namespace mpc::image {
namespace {

std::string h(char c, std::size_t count = 64) { return "sha256:" + std::string(count, c); }

bool is_refused(std::string_view text)
{
    auto const digest = ImageDigest::parse(text);
    return !digest.ok() && digest.error().kind() == ErrorKind::Invalid;
}

TEST(Digest, ReadsAndWritesTheSameText)  // D1, D5
{
    auto const text = "sha256:" + std::string("ab") + std::string(60, '0') + "9f";
    auto const digest = ImageDigest::parse(text);
    ASSERT_TRUE(digest.ok());
    EXPECT_EQ(digest->text(), text);
}

TEST(Digest, TellsItsBareHexAndItsBytes)  // D8
{
    auto const digest = *ImageDigest::parse(h('a'));
    EXPECT_EQ(digest.hex(), std::string(64, 'a'));
    EXPECT_EQ(digest.bytes().front(), 0xaa);
    EXPECT_EQ(digest.bytes().back(), 0xaa);
}

TEST(Digest, RefusesHexWithoutThePrefix)  // D2
{
    EXPECT_TRUE(is_refused(std::string(64, 'a')));
    EXPECT_NE(ImageDigest::parse("abcd").error().message().find("sha256:"), std::string::npos);
}

TEST(Digest, RefusesAnotherAlgorithm) { EXPECT_TRUE(is_refused("sha512:" + std::string(64, 'a'))); }

TEST(Digest, RefusesUpperCasePrefix) { EXPECT_TRUE(is_refused("SHA256:" + std::string(64, 'a'))); }

TEST(Digest, RefusesUpperCaseHex)  // D7, L5: one way to write a digest
{
    EXPECT_TRUE(is_refused(h('A')));
    EXPECT_TRUE(is_refused("sha256:" + std::string(63, 'a') + "F"));
}

TEST(Digest, RefusesWhatIsNotHex)  // D3
{
    EXPECT_TRUE(is_refused("sha256:not_valid_hex!"));
    EXPECT_TRUE(is_refused("sha256:" + std::string(63, 'a') + "g"));
}

TEST(Digest, RefusesAnotherLength)  // D4
{
    EXPECT_TRUE(is_refused("sha256:abab"));
    EXPECT_TRUE(is_refused(h('a', 63)));
    EXPECT_TRUE(is_refused(h('a', 65)));
    EXPECT_TRUE(is_refused(h('a', 66)));
    EXPECT_TRUE(is_refused("sha256:"));
    EXPECT_TRUE(is_refused(""));
}

TEST(Digest, RefusesWhiteSpaceAndNul)
{
    EXPECT_TRUE(is_refused(" " + h('a')));
    EXPECT_TRUE(is_refused(h('a') + "\n"));
    EXPECT_TRUE(is_refused("sha256:" + std::string(63, 'a') + std::string(1, '\0')));
}

TEST(Digest, NeverEchoesWhatItRefuses)
{
    for (auto const* text : { "canary-value", "sha256:canary-value", "sha256:CANARY-VALUE", "sha256:CA" }) {
        auto const error = ImageDigest::parse(text).error();
        EXPECT_EQ((error.message() + error.remedy()).find("anary"), std::string::npos) << text;
        EXPECT_EQ((error.message() + error.remedy()).find("CA"), std::string::npos) << text;
    }
}

TEST(Digest, ComparesByItsBytes)
{
    EXPECT_EQ(*ImageDigest::parse(h('a')), *ImageDigest::parse(h('a')));
    EXPECT_NE(*ImageDigest::parse(h('a')), *ImageDigest::parse(h('b')));
    EXPECT_LT(*ImageDigest::parse(h('a')), *ImageDigest::parse(h('b')));
}

TEST(Digest, DoesNotConvertBetweenMeanings)
{
    static_assert(!std::is_convertible_v<ImageId, ImageDigest>);
    static_assert(!std::is_convertible_v<ManifestDigest, ImageId>);
    static_assert(!std::is_constructible_v<ImageDigest, ManifestDigest>);
    static_assert(!std::equality_comparable_with<ImageId, ManifestDigest>);
}

}  // namespace
}  // namespace mpc::image
