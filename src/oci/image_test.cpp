// A tree, and the image of it.
#include <gtest/gtest.h>

#include "oci/build.h"
#include "support/temporary_directory.h"

namespace mpc::oci {
namespace {

using test::TemporaryDirectory;

class TreeTest : public testing::Test {
protected:
    Result<void> add(std::string_view manifest) { return m_tree.add_manifest(manifest, m_directory.path()); }
    void refused(std::string_view manifest, std::string const& why)
    {
        auto const added = add(manifest);
        ASSERT_FALSE(added.ok()) << manifest;
        EXPECT_NE(added.error().message().find(why), std::string::npos) << added.error().message();
    }

    TemporaryDirectory m_directory;
    Tree m_tree;
};

TEST_F(TreeTest, MakesTheDirectoriesAbove)
{
    m_directory.write("f", "x");
    ASSERT_TRUE(m_tree.add_file(m_directory / "f", "/a/b/c").ok());
    ASSERT_TRUE(m_tree.complete().ok());
    ASSERT_EQ(m_tree.entries().size(), 3);
    EXPECT_EQ(m_tree.entries().at("a/b").entry.mode, 0755);
}

TEST_F(TreeTest, RefusesAFileBelowALink)
{
    m_directory.write("f", "x");
    ASSERT_TRUE(add(R"([{"path":"a","type":"symlink","target":"/etc"},{"path":"a/f","source":"f"}])").ok());
    EXPECT_FALSE(m_tree.complete().ok());
}

TEST_F(TreeTest, RefusesAHardLinkBeforeOrWithoutItsFile)
{
    m_directory.write("f", "x");
    ASSERT_TRUE(add(R"([{"path":"b","source":"f"},{"path":"a","type":"hardlink","target":"b"}])").ok());
    EXPECT_FALSE(m_tree.complete().ok());
}

TEST_F(TreeTest, RefusesAMalformedManifest)
{
    refused("{}", "not a JSON array");
    refused("[1]", "entry 1: it is not an object");
    refused(R"([{"path":"a","type":"directory","colour":"red"}])", "entry 1");
    refused(R"([{"path":"a","type":"socket"}])", "none of file, directory, symlink, hardlink");
    refused(R"([{"path":"a"}])", "a file needs a source");
    refused(R"([{"path":"a","type":"symlink"}])", "a link a target");
    refused(R"([{"path":"a","type":"symlink","target":"b","mode":"0777"}])", "no mode of its own");
    refused(R"([{"path":"a","type":"directory","mode":"0999"}])", "octal digits");
    refused(R"([{"path":"a","type":"directory","mode":"17777"}])", "octal digits");
    refused(R"([{"path":"../a","type":"directory"}])", "leads out of the tree");
    refused(R"([{"path":"/","type":"directory"}])", "the root itself");
    refused(R"([{"path":"a","source":"nothing"}])", "cannot find");
}

TEST_F(TreeTest, RefusesAFileThatGrew)
{
    auto const file = m_directory.write("f", "x");
    ASSERT_TRUE(m_tree.add_file(file, "f").ok());
    m_directory.write("f", "xy");
    BytesSink sink;
    auto const written = write_layer(m_tree, {}, sink);
    ASSERT_FALSE(written.ok());
    EXPECT_NE(written.error().message().find("changed while"), std::string::npos);
}

TEST_F(TreeTest, BuiltTwiceIsEqual)
{
    m_directory.write("f", "x");
    ASSERT_TRUE(m_tree.add_file(m_directory / "f", "f").ok());
    BuildRequest const request { .tree = m_tree };
    auto const a = build_image(request, ImageForm::Layout, m_directory / "a");
    auto const b = build_image(request, ImageForm::LayoutArchive, m_directory / "b");
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(a->manifest, b->manifest);
    auto const stored = open_image(Place::parse("oci:" + (m_directory / "a").string()).value());
    ASSERT_TRUE(stored.ok()) << stored.error().message();
    EXPECT_EQ(stored->manifest_digest(), a->manifest);
    EXPECT_EQ(stored->id(), a->id);
}

TEST_F(TreeTest, AnArchiveForDockerLoadIsNotCompressedWithZstd)
{
    BuildRequest const request { .tree = m_tree, .layer = { .compression = Compression::Zstd } };
    EXPECT_FALSE(build_image(request, ImageForm::DockerArchive, m_directory / "a").ok());
}

TEST(Place, HasAFormAPathAndPerhapsADigest)
{
    auto const digest = "sha256:" + std::string(64, 'a');
    EXPECT_EQ(Place::parse("oci:dir/").value().path, "dir");
    EXPECT_EQ(Place::parse("oci-archive:a:b@" + digest).value().digest->text(), digest);
    EXPECT_EQ(Place::parse("oci-archive:a:b@" + digest).value().path, "a:b");
    for (auto const& bad :
        { std::string("dir"), std::string("oci:"), std::string("tar:x"), "docker-archive:x@" + digest })
        EXPECT_FALSE(Place::parse(bad).ok()) << bad;
}

}  // namespace
}  // namespace mpc::oci
