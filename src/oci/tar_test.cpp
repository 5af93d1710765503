#include "oci/tar.h"

#include <gtest/gtest.h>

namespace mpc::oci {
namespace {

/// Text as a source that hands out a few bytes at a time.
class TextSource final : public Source {
public:
    explicit TextSource(std::string text) : m_text(std::move(text)) {}
    Result<std::size_t> read(std::span<std::uint8_t> into) override
    {
        auto const count = std::min({ into.size(), m_text.size() - m_at, std::size_t { 7 } });
        std::copy_n(m_text.begin() + m_at, count, into.begin());
        m_at += count;
        return count;
    }

private:
    std::string m_text;
    std::size_t m_at = 0;
};

struct Member {
    TarEntry entry;
    std::string content {};
};

std::string archive_of(std::vector<Member> const& members)
{
    BytesSink sink;
    TarWriter writer(sink);
    for (auto const& member : members) {
        EXPECT_TRUE(writer.add(member.entry).ok());
        EXPECT_TRUE(writer.content(as_bytes(member.content)).ok());
    }
    EXPECT_TRUE(writer.finish().ok());
    return std::string(as_text(sink.bytes()));
}

Result<std::vector<TarEntry>> read_all(std::string const& archive, TarLimits limits = {})
{
    TextSource source(archive);
    TarReader reader(source, limits);
    std::vector<TarEntry> entries;
    while (auto entry = TRY(reader.next()))
        entries.push_back(*entry);
    return entries;
}

void expect_refused(std::string const& archive, std::string const& why, TarLimits limits = {})
{
    auto const read = read_all(archive, limits);
    ASSERT_FALSE(read.ok());
    EXPECT_NE(read.error().message().find(why), std::string::npos) << read.error().message();
}

Member file(std::string path, std::string content = "content")
{
    return { { .path = std::move(path), .size = content.size() }, content };
}

/// A header's checksum made right again.
std::string mended(std::string archive, std::size_t header = 0)
{
    std::fill_n(archive.begin() + header + 148, 8, ' ');
    unsigned sum = 0;
    for (std::size_t at = 0; at < 512; ++at)
        sum += static_cast<unsigned char>(archive[header + at]);
    std::snprintf(archive.data() + header + 148, 8, "%06o", sum);
    return archive;
}

std::string with_flag(char flag)
{
    auto archive = archive_of({ file("a") });
    archive[156] = flag;
    return mended(archive);
}

TEST(Tar, WhatIsWrittenIsRead)
{
    std::vector<Member> const members {
        { { .path = "dir", .type = TarType::Directory, .mode = 01777 } },
        { { .path = "dir/" + std::string(300, 'x'), .mode = 04755, .uid = 99'999'999, .mtime = -5, .size = 3 }, "abc" },
        { { .path = "dir/caps",
            .gid = 7,
            .mtime = 99'999'999'999,
            .xattrs = { { "security.capability", std::string("\0\1=\n", 4) } } } },
        { { .path = "dir/link",
            .type = TarType::SymbolicLink,
            .mode = 0777,
            .target = "../" + std::string(200, 'y') } },
        { { .path = "dir/same", .type = TarType::HardLink, .target = "dir/caps" } },
        { { .path = "na\xefve", .size = 1 }, "z" },
    };
    auto const read = read_all(archive_of(members));
    ASSERT_TRUE(read.ok()) << read.error().message();
    ASSERT_EQ(read->size(), members.size());
    for (std::size_t at = 0; at < members.size(); ++at)
        EXPECT_EQ((*read)[at], members[at].entry) << members[at].entry.path;
}

TEST(Tar, ContentAndItsPlaceAreTold)
{
    auto const archive = archive_of({ file("a", std::string(513, 'a')), file("b", "bb") });
    TextSource source(archive);
    TarReader reader(source);
    EXPECT_TRUE(reader.next().ok());
    auto const second = reader.next();
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(archive.substr(reader.offset(), (**second).size), "bb");
    std::array<std::uint8_t, 8> buffer {};
    auto const count = reader.read(buffer);
    ASSERT_TRUE(count.ok());
    EXPECT_EQ(as_text(ByteView(buffer).first(*count)), "bb");
}

TEST(Tar, DevicesAndFifosAreNotWritten)
{
    for (auto const type : { TarType::Fifo, TarType::BlockDevice, TarType::CharacterDevice }) {
        BytesSink sink;
        TarWriter writer(sink);
        EXPECT_FALSE(writer.add({ .path = "x", .type = type }).ok());
    }
}

TEST(Tar, MoreOrLessContentThanAnnouncedIsADefect)
{
    BytesSink sink;
    TarWriter writer(sink);
    EXPECT_TRUE(writer.add({ .path = "x", .size = 2 }).ok());
    EXPECT_FALSE(writer.content(as_bytes("abc")).ok());
    EXPECT_FALSE(writer.finish().ok());
    EXPECT_FALSE(writer.add({ .path = "y" }).ok());
}

TEST(Tar, RefusesWhatIsCut)
{
    auto const archive = archive_of({ file("a", std::string(600, 'a')) });
    expect_refused("", "it has no end");
    expect_refused(archive.substr(0, 100), "within a header");
    expect_refused(archive.substr(0, 700), "within a");
    expect_refused(archive.substr(0, 1200), "after a");
    expect_refused(archive.substr(0, 1536), "it has no end");
    expect_refused(archive.substr(0, 2048), "within its end");
}

TEST(Tar, RefusesWhatFollowsTheEnd) { expect_refused(archive_of({}) + std::string(512, 'x'), "something follows"); }

TEST(Tar, TakesZerosAfterTheEnd) { EXPECT_TRUE(read_all(archive_of({}) + std::string(9000, '\0')).ok()); }

TEST(Tar, RefusesAWrongChecksum)
{
    auto archive = archive_of({ file("a") });
    archive[0] = 'b';
    expect_refused(archive, "checksum");
}

TEST(Tar, RefusesUnknownAndSparseEntries)
{
    expect_refused(with_flag('Z'), "unknown type");
    expect_refused(with_flag('S'), "sparsely");
}

TEST(Tar, TakesCommentsAndNothingElseFromAGlobalHeader)
{
    auto const with_global = [](std::string const& records) {
        auto archive = archive_of({ file("a", records), file("b") });
        archive[156] = 'g';
        return mended(archive);
    };
    EXPECT_EQ(read_all(with_global("16 comment=abcd\n")).value().front().path, "b");
    expect_refused(with_global("9 path=x\n"), "global pax header with path");
    expect_refused(with_global("16 comment=abcd\n9 path=x\n"), "global pax header with path");
    expect_refused(with_global("nonsense"), "malformed");
}

TEST(Tar, RefusesPathsThatAreTooLongOrTooDeep)
{
    std::string deep = "a";
    for (std::size_t depth = 1; depth < most_path_parts; ++depth)
        deep += "/a";
    EXPECT_TRUE(read_all(archive_of({ file(deep), file(std::string(most_path_bytes, 'x')) })).ok());
    expect_refused(archive_of({ file(deep + "/a") }), "longer or deeper");
    auto const with_record = [](std::string const& key) {
        auto const record = " " + key + "=" + std::string(most_path_bytes + 1, 'x') + "\n";
        auto archive = archive_of({ file("a", std::to_string(record.size() + 4) + record), file("b") });
        archive[156] = 'x';
        return mended(archive);
    };
    expect_refused(with_record("path"), "longer or deeper");
    BytesSink sink;
    EXPECT_FALSE(TarWriter(sink).add({ .path = std::string(most_path_bytes + 1, 'x') }).ok());
}

TEST(Tar, RefusesASecondPaxHeader)
{
    auto archive = archive_of({ file("a", "9 path=x\n"), file("b", "9 size=0\n"), file("c") });
    archive[156] = archive[1024 + 156] = 'x';
    expect_refused(mended(mended(archive), 1024), "follows another");
}

TEST(Tar, RefusesADirectoryWithContent) { expect_refused(with_flag('5'), "claims to have content"); }

TEST(Tar, RefusesALinkToNothing)
{
    auto archive = archive_of({ file("a", "") });
    archive[156] = '2';
    expect_refused(mended(archive), "link to nothing");
}

TEST(Tar, AHardLinksTargetMayBeginWithASlash)
{
    auto const linked = [](std::string const& target) {
        auto archive = archive_of({ { { .path = "b", .type = TarType::HardLink, .target = "xxxxxxxxx" } } });
        archive.replace(157, 9, target + std::string(9 - target.size(), '\0'));
        return mended(archive);
    };
    EXPECT_EQ(read_all(linked("//a"))->front().target, "a");
    expect_refused(linked("/../a"), "leads out of the tree");
    expect_refused(linked("/"), "link to nothing");
}

TEST(Tar, TheRootIsADirectoryWithoutAPath)
{
    auto archive = archive_of({ file("a", "") });
    archive[0] = '.';
    expect_refused(mended(archive), "the root itself is a file");
    archive[156] = '5';
    auto const root = read_all(mended(archive));
    ASSERT_TRUE(root.ok()) << root.error().message();
    EXPECT_EQ(root->front().path, "");
}

TEST(Tar, TakesTimesBefore1970)
{
    auto archive = archive_of({ file("a") });
    archive.replace(136, 12, std::string(11, '\xff') + "\xfb");
    EXPECT_EQ(read_all(mended(archive))->front().mtime, -5);
    archive.replace(136, 12, std::string(4, '\xff') + std::string(8, '\x7f'));
    expect_refused(mended(archive), "too small");
    archive.replace(136, 12, std::string("\xff\0", 2) + std::string(10, '\xff'));
    expect_refused(mended(archive), "too small");
}

TEST(Tar, TellsADevicesNumbers)
{
    auto archive = archive_of({ file("null", "") });
    archive[156] = '3';
    archive.replace(329, 7, "0000001");
    archive.replace(337, 7, "0000003");
    auto const device = read_all(mended(archive));
    ASSERT_TRUE(device.ok()) << device.error().message();
    EXPECT_EQ(device->front().device_major, 1);
    EXPECT_EQ(device->front().device_minor, 3);
}

TEST(Tar, RefusesAttributesByWhichOverlayfsShowsOtherFiles)
{
    auto const with_xattr = [](std::string const& name) {
        return archive_of({ { { .path = "a", .xattrs = { { name, "y" } } } } });
    };
    for (auto const* const name : { "trusted.overlay.redirect", "trusted.x", "user.overlay.metacopy" })
        expect_refused(with_xattr(name), std::string("a: has the attribute ") + name);
    EXPECT_TRUE(read_all(with_xattr("user.overlays")).ok());
}

TEST(Tar, RefusesTooManyAttributes)
{
    TarEntry entry { .path = "a" };
    for (int number = 0; number < 128; ++number)
        entry.xattrs.emplace("user." + std::to_string(number), "");
    EXPECT_TRUE(read_all(archive_of({ { entry } })).ok());
    entry.xattrs.emplace("user.more", "");
    expect_refused(archive_of({ { entry } }), "a has more than 128 attributes");
}

TEST(Tar, EachEntryAndAttributeCounts)
{
    auto const archive = archive_of({ { { .path = "ab", .xattrs = { { "user.c", "d" } } } } });
    constexpr std::size_t kept = 64 + 2 + 64 + 6 + 1;
    EXPECT_TRUE(read_all(archive, { .text_bytes = kept }).ok());
    expect_refused(archive, "more than 136 bytes", { .text_bytes = kept - 1 });
}

TEST(Tar, TellsTheFormsOfHeaders)
{
    auto const forms = [](std::string const& archive) {
        TextSource source(archive);
        TarReader reader(source);
        while (*reader.next()) {}
        return reader.forms();
    };
    EXPECT_EQ(forms(archive_of({ file("a") })), "ustar");
    EXPECT_EQ(forms(archive_of({ file("a"), file(std::string(300, 'x')) })), "pax");
    auto archive = archive_of({ file("a"), file(std::string(300, 'x')) });
    archive.replace(257, 8, std::string("ustar  \0", 8));
    EXPECT_EQ(forms(mended(archive)), "GNU and pax");
    archive.replace(257, 8, std::string(8, '\0'));
    EXPECT_EQ(forms(mended(archive)), "pax and v7");
}

TEST(Tar, RefusesASizeThatNobodyHas)
{
    auto archive = archive_of({ file("a") });
    archive.replace(124, 12, std::string("\x80\0\0\0\x7f\0\0\0\0\0\0\0", 12));
    expect_refused(mended(archive), "larger than an archive may be");
    archive.replace(124, 12, std::string(12, '\xff'));
    expect_refused(mended(archive), "negative or too large");
}

TEST(Tar, RefusesPaxHeadersThatLie)
{
    auto const with_record = [](std::string const& record) {
        auto archive = archive_of({ file("a", record), file("b") });
        archive[156] = 'x';
        return mended(archive);
    };
    expect_refused(with_record("99 path=x\n"), "lies about its length");
    expect_refused(with_record("10 path=xx"), "lies about its length");
    expect_refused(with_record("nonsense"), "malformed");
    expect_refused(with_record("8 path\n\n"), "malformed");
    expect_refused(with_record("9 path=x\n9 path=y\n"), "says something twice");
    expect_refused(with_record("9 size=y\n"), "a number that is none");
    expect_refused(with_record("11 mtime=z\n"), "a time that is none");
    expect_refused(with_record("22 GNU.sparse.major=1\n"), "sparsely");
    expect_refused(with_record("14 path=../up\n"), "leads out of the tree");
    EXPECT_EQ(read_all(with_record("9 path=x\n")).value().front().path, "x");
}

TEST(Tar, RefusesAnExtendedHeaderWithoutItsEntry)
{
    auto archive = archive_of({ file("a", "9 path=x\n") });
    archive[156] = 'x';
    expect_refused(mended(archive), "has no entry");
}

TEST(Tar, KeepsItsLimits)
{
    auto const archive = archive_of({ file("a", std::string(5000, 'a')), file("b") });
    expect_refused(archive, "unpacks to more than", { .bytes = 5500 });
    expect_refused(archive, "more than 1 entries", { .entries = 1 });
    expect_refused(archive_of({ file(std::string(2000, 'x')) }), "extended header is larger", { .pax_bytes = 1000 });
    expect_refused(archive, "more than 1 bytes", { .text_bytes = 1 });
}

TEST(CleanPath, HasOneForm)
{
    EXPECT_EQ(clean_path("./a//b/./c/").value(), "a/b/c");
    EXPECT_EQ(clean_path("./").value(), "");
    EXPECT_EQ(clean_path("a/..b").value(), "a/..b");
    for (auto const* const path : { "/a", "..", "a/../b", "../a", "a/.." })
        EXPECT_FALSE(clean_path(path).ok()) << path;
    EXPECT_FALSE(clean_path(std::string_view("a\0b", 3)).ok());
}

}  // namespace
}  // namespace mpc::oci
