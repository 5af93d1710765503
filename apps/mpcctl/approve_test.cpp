#include "mpcctl/approve.h"

#include <gtest/gtest.h>

#include "image/approved.h"
#include "mpcctl/output_file.h"
#include "support/temporary_directory.h"

namespace mpc::ctl {
namespace {

image::ImageDigest digest(unsigned number)
{
    return image::ImageDigest(std::array<std::uint8_t, 32> { std::uint8_t(number), std::uint8_t(number >> 8) });
}

TEST(Approve, WritesWhatANodeWrites)
{
    EXPECT_EQ(approved_text({ digest(2), digest(1) }).value(),
        "{\n  \"approved_hashes\": [\n    \"" + digest(2).text() + "\",\n    \"" + digest(1).text() + "\"\n  ]\n}");
}

TEST(Approve, RefusesNoDigestAndOneTwice)
{
    EXPECT_FALSE(approved_text({}).ok());
    EXPECT_FALSE(approved_text({ digest(1), digest(2), digest(1) }).ok());
}

TEST(Approve, RefusesMoreThanTheLauncherReads)
{
    std::vector<image::ImageDigest> digests;
    while (digests.size() < 800)
        digests.push_back(digest(unsigned(digests.size())));
    EXPECT_EQ(image::parse_approved(approved_text(digests).value()).value().digests, digests);
    while (digests.size() < 900)
        digests.push_back(digest(unsigned(digests.size())));
    EXPECT_FALSE(approved_text(digests).ok());
}

TEST(OutputFile, MayHaveARelativePath)
{
    test::TemporaryDirectory const directory;
    auto const here = std::filesystem::current_path();
    std::filesystem::current_path(directory.path());
    auto const written = write_output("file", "content");
    std::filesystem::current_path(here);
    EXPECT_TRUE(written.ok());
    EXPECT_EQ(test::content_of(directory.path() / "file"), "content");
}

TEST(OutputFile, ReplacesNothingThatIsNoFile)
{
    test::TemporaryDirectory const directory;
    auto const link = directory.path() / "link";
    std::filesystem::create_symlink(directory.path() / "target", link);
    for (auto const& path : { directory.path(), link, std::filesystem::path("/dev/null"), std::filesystem::path() })
        EXPECT_FALSE(write_output(path, "content").ok()) << path;
    EXPECT_TRUE(std::filesystem::is_symlink(link));
}

}  // namespace
}  // namespace mpc::ctl
