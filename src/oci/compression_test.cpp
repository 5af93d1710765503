#include "oci/compression.h"

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace mpc::oci {
namespace {

/// Half of it repeats, half does not.
std::string sample(std::size_t size)
{
    std::string text;
    std::uint32_t state = 1;
    while (text.size() < size) {
        state = state * 1664525 + 1013904223;
        text.push_back(state & 0x80000000 ? static_cast<char>(state >> 16) : 'x');
    }
    return text;
}

std::string compressed(Compression compression, std::string const& text, unsigned threads, std::size_t piece = 1 << 20)
{
    BytesSink sink;
    auto const compressor = make_compressor(compression, threads, sink);
    for (std::size_t at = 0; at < text.size(); at += piece)
        EXPECT_TRUE(compressor->write(as_bytes(std::string_view(text).substr(at, piece))).ok());
    EXPECT_TRUE(compressor->finish().ok());
    return std::string(as_text(sink.bytes()));
}

Result<std::string> unpacked(std::string const& blob)
{
    test::TemporaryDirectory const directory;
    auto const range = TRY(FileRange::open(directory.write("blob", blob)));
    auto const source = range.source();
    auto const decompressor = make_decompressor(compression_of(as_bytes(blob)), *source);
    BytesSink sink;
    TRY(copy(*decompressor, sink));
    return std::string(as_text(sink.bytes()));
}

class CompressionTest : public testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(Each, CompressionTest,
    testing::Values(Compression::None, Compression::Gzip, Compression::Zstd),
    [](auto const& one) { return std::string(name_of(one.param)); });

TEST_P(CompressionTest, GivesBackWhatItTook)
{
    for (std::size_t const size : { 0, 1, 1'048'576, 3'000'000 }) {
        auto const text = sample(size);
        auto const back = unpacked(compressed(GetParam(), text, 2));
        ASSERT_TRUE(back.ok()) << back.error().message();
        EXPECT_TRUE(*back == text) << size;
    }
}

TEST_P(CompressionTest, HasTheSameBytesForAnyNumberOfThreadsAndAnyPieces)
{
    auto const text = sample(5'000'000);
    auto const one = compressed(GetParam(), text, 1);
    EXPECT_TRUE(compressed(GetParam(), text, 2) == one);
    EXPECT_TRUE(compressed(GetParam(), text, 7, 12'345) == one);
}

TEST_P(CompressionTest, IsToldByItsFirstBytesAndItsName)
{
    EXPECT_EQ(compression_of(as_bytes(compressed(GetParam(), "text", 1))), GetParam());
    EXPECT_EQ(compression_named(name_of(GetParam())), GetParam());
    EXPECT_TRUE(description_of(GetParam()).starts_with(name_of(GetParam())));
}

TEST(Compression, AFrameOfZstdThatHoldsNothingMayComeFirst)
{
    std::string const skipped("\x5f\x2a\x4d\x18\x03\0\0\0abc", 11);
    auto const blob = skipped + compressed(Compression::Zstd, "text", 1);
    EXPECT_EQ(compression_of(as_bytes(blob)), Compression::Zstd);
    EXPECT_EQ(unpacked(blob).value(), "text");
}

TEST(Compression, RefusesWhatIsCutDamagedOrFollowed)
{
    for (auto const compression : { Compression::Gzip, Compression::Zstd }) {
        auto const blob = compressed(compression, sample(1'500'000), 1);
        EXPECT_FALSE(unpacked(blob.substr(0, blob.size() - 1)).ok());
        EXPECT_FALSE(unpacked(blob.substr(0, 10)).ok());
        EXPECT_FALSE(unpacked(blob + "more").ok());
        auto damaged = blob;
        damaged[blob.size() / 2] ^= 1;
        damaged[4000] ^= 1;
        auto const back = unpacked(damaged);
        EXPECT_FALSE(back.ok() && *back == sample(1'500'000));
    }
}

TEST(Compression, KnowsNoOtherNames) { EXPECT_FALSE(compression_named("bzip2")); }

}  // namespace
}  // namespace mpc::oci
