// A tree, what it is stacked on, and the image of it.
#include <gtest/gtest.h>

#include "oci/build.h"
#include "support/raised_signal.h"
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
    auto const written = write_layer(m_tree, {}, sink, Interrupt::never());
    ASSERT_FALSE(written.ok());
    EXPECT_NE(written.error().message().find("changed while"), std::string::npos);
}

TEST_F(TreeTest, RefusesAFileThatWasReplacedByOneOfItsSize)
{
    auto const file = m_directory.write("f", "x");
    ASSERT_TRUE(m_tree.add_file(file, "f").ok());
    std::filesystem::rename(m_directory.write("g", "y"), file);
    BytesSink sink;
    auto const written = write_layer(m_tree, {}, sink, Interrupt::never());
    ASSERT_FALSE(written.ok());
    EXPECT_NE(written.error().message().find("changed while"), std::string::npos);
}

/// Writes to a file once the layer has some of it.
class MeddlingSink final : public Sink {
public:
    explicit MeddlingSink(std::filesystem::path file) : m_file(std::move(file)) {}
    Result<void> write(ByteView bytes) override
    {
        if (as_text(bytes).starts_with("content"))
            std::filesystem::last_write_time(m_file, {});
        return ok;
    }

private:
    std::filesystem::path m_file;
};

TEST_F(TreeTest, RefusesAFileThatIsWrittenToWhileItIsRead)
{
    auto const file = m_directory.write("f", "content");
    ASSERT_TRUE(m_tree.add_file(file, "f").ok());
    MeddlingSink sink(file);
    auto const written = write_layer(m_tree, {}, sink, Interrupt::never());
    ASSERT_FALSE(written.ok());
    EXPECT_NE(written.error().message().find("changed while"), std::string::npos);
}

TEST_F(TreeTest, RefusesNamesOfWhiteoutsWhereverTheyComeFrom)
{
    auto const file = m_directory.write("root/d/.wh.f", "x");
    refused(R"([{"path":"d/.wh..wh..opq","type":"directory"}])", "/d/.wh..wh..opq has a name");
    refused(R"([{"path":".wh.d/x","type":"directory"}])", "whiteout");
    EXPECT_FALSE(m_tree.add_file(file, "/.wh.f").ok());
    EXPECT_FALSE(m_tree.add_root(m_directory / "root", {}, Interrupt::never()).ok());
    EXPECT_TRUE(m_tree.add_file(file, "/a.wh.f").ok());
}

TEST_F(TreeTest, RefusesAPathThatIsDeeperThanItsReadersTake)
{
    auto const is_taken_with_parts = [&](int parts) {
        Tree tree;
        std::string path = "d";
        for (int i = 1; i < parts; ++i)
            path += "/d";
        EXPECT_TRUE(tree.add_manifest(R"([{"type":"directory","path":")" + path + "\"}]", m_directory.path()).ok());
        return tree.complete().ok();
    };
    EXPECT_TRUE(is_taken_with_parts(512));
    EXPECT_FALSE(is_taken_with_parts(513));
}

TEST_F(TreeTest, RefusesMoreThanItsReadersTake)
{
    auto const file = m_directory.write("f", "");
    std::filesystem::resize_file(file, std::uintmax_t { 64 } << 30);
    ASSERT_TRUE(m_tree.add_file(file, "f").ok());
    auto const complete = m_tree.complete();
    ASSERT_FALSE(complete.ok());
    EXPECT_NE(complete.error().message().find("readers put up with"), std::string::npos);
}

TEST_F(TreeTest, EndsWhenItIsAskedTo)
{
    ASSERT_TRUE(m_tree.add_file(m_directory.write("f", "x"), "f").ok());
    auto const interrupt = Interrupt::on_signals().value();
    test::RaisedSignal const signal(SIGTERM);
    BytesSink sink;
    EXPECT_EQ(write_layer(m_tree, {}, sink, interrupt).error().kind(), ErrorKind::Interrupted);
    EXPECT_EQ(Tree().add_root(m_directory.path(), {}, interrupt).error().kind(), ErrorKind::Interrupted);
}

TEST_F(TreeTest, NamesTheFileWhereADirectoryIsGivenForOne)
{
    auto const file = m_directory.write("f", "x");
    auto const added = m_tree.add_file(file, "/d/");
    ASSERT_FALSE(added.ok());
    EXPECT_EQ(added.error().message(), "/d/ is a directory and no place for a file");
    EXPECT_EQ(added.error().remedy(), "name the file itself: /d/f");
    EXPECT_EQ(m_tree.add_file(file, "/").error().remedy(), "name the file itself: /f");
}

struct Part {
    std::string path;
    TarType type = TarType::File;
    std::string target {};
};

Inventory base_of(std::vector<Part> const& parts)
{
    Inventory base { .id = image::ImageId(Sha256 {}) };
    for (auto const& [path, type, target] : parts)
        base.files[path].entry = { .path = path, .type = type, .target = target };
    return base;
}

/// What becomes of a file at that path on a base of these parts: "", or message and remedy.
std::string stacked(std::vector<Part> const& base, std::string_view path, Tree tree = Tree())
{
    TemporaryDirectory const directory;
    EXPECT_TRUE(tree.add_file(directory.write("f", "x"), path).ok());
    EXPECT_TRUE(tree.complete().ok());
    auto const done = tree.stack_on(base_of(base));
    return done.ok() ? "" : done.error().message() + "; " + done.error().remedy();
}

constexpr auto link = TarType::SymbolicLink;

TEST(Stacking, RefusesToReplaceALinkOfTheBaseByADirectoryAndSaysWhereItLeads)
{
    EXPECT_EQ(stacked({ { "usr/bin/sh" }, { "bin", link, "usr/bin" } }, "/bin/tool"),
        "/bin/tool would replace /bin of the base, a link to usr/bin, by a directory; give it as /usr/bin/tool, where "
        "a "
        "container finds it");
    EXPECT_NE(stacked({ { "a/b", link, "../../c/./d" }, { "c/d", link, "/e" } }, "/a/b/x/y").find("/e/x/y,"),
        std::string::npos);
    EXPECT_NE(stacked({ { "a", link, "b" }, { "b", link, "a" } }, "/a/x").find("leads nowhere"), std::string::npos);
}

TEST(Stacking, RefusesToReplaceADirectoryOrToMakeOneOfAFile)
{
    EXPECT_NE(stacked({ { "etc/passwd" } }, "/etc").find("replace a directory"), std::string::npos);
    EXPECT_NE(stacked({ { "etc", TarType::Directory } }, "/etc").find("replace a directory"), std::string::npos);
    EXPECT_NE(stacked({ { "etc" } }, "/etc/passwd").find("/etc of the base, a file"), std::string::npos);
}

TEST(Stacking, ReplacesFilesAndLinksThatAreNoDirectories)
{
    EXPECT_EQ(stacked({ { "a/f" } }, "/a/f"), "");
    EXPECT_EQ(stacked({ { "a/f", link, "g" } }, "/a/f"), "");
    EXPECT_EQ(stacked({ { "a/g" } }, "/b/f"), "");
}

TEST_F(TreeTest, LeavesDirectoriesOfABaseAsTheyAre)
{
    auto base = base_of({ { "tmp", TarType::Directory }, { "own", TarType::Directory } });
    for (auto const* const path : { "tmp", "own" }) {
        base.files.at(path).entry.mode = 01777;
        base.files.at(path).entry.gid = 7;
    }
    m_directory.write("f", "x");
    ASSERT_TRUE(add(R"([{"path":"tmp/f","source":"f"},{"path":"own/f","source":"f"},
        {"path":"own","type":"directory","mode":"0700"}])")
            .ok());
    ASSERT_TRUE(m_tree.complete().ok());
    ASSERT_TRUE(m_tree.stack_on(base).ok());
    EXPECT_EQ(m_tree.entries().at("tmp").entry.mode, 01777);
    EXPECT_EQ(m_tree.entries().at("tmp").entry.gid, 7);
    EXPECT_EQ(m_tree.entries().at("own").entry.mode, 0700);
}

TEST(FileSink, PutsAFileAmongBytesInOrder)
{
    TemporaryDirectory const directory;
    auto const file = FileRange::open(directory.write("f", "0123456789")).value();
    auto sink = FileSink::create(directory / "out").value();
    EXPECT_TRUE(sink.write(as_bytes("<")).ok());
    EXPECT_TRUE(sink.write_file(file.part(2, 5).value()).ok());
    EXPECT_TRUE(sink.write(as_bytes(">")).ok());
    EXPECT_TRUE(sink.finish().ok());
    EXPECT_EQ(test::content_of(directory / "out"), "<23456>");
    std::filesystem::resize_file(directory / "f", 4);
    EXPECT_FALSE(sink.write_file(file).ok());
}

TEST_F(TreeTest, BuiltTwiceIsEqual)
{
    m_directory.write("f", "x");
    ASSERT_TRUE(m_tree.add_file(m_directory / "f", "f").ok());
    BuildRequest const request { .tree = m_tree };
    auto const a = build_image(request, ImageForm::Layout, m_directory / "a", Interrupt::never());
    auto const b = build_image(request, ImageForm::LayoutArchive, m_directory / "b", Interrupt::never());
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
    EXPECT_FALSE(build_image(request, ImageForm::DockerArchive, m_directory / "a", Interrupt::never()).ok());
}

TEST_F(TreeTest, BecomesNoImageThatItsReadersRefuseForItsConfig)
{
    BuildRequest request { .tree = m_tree };
    request.defaults.labels["l"] = std::string(most_image_json_bytes, 'x');
    auto const built = build_image(request, ImageForm::Layout, m_directory / "a", Interrupt::never());
    ASSERT_FALSE(built.ok());
    EXPECT_NE(built.error().message().find("the image's config or manifest"), std::string::npos);
    EXPECT_TRUE(std::filesystem::is_empty(m_directory.path()));
}

TEST(BaseImage, HasRoomForAnotherLayer)
{
    TemporaryDirectory const directory;
    StoredLayer const layer { .diff_id = DiffId(Sha256 {}), .blob = FileRange::open(directory.write("f", "")).value() };
    StoredImage image { .config = "{}" };
    image.layers.assign(most_layers, layer);
    auto const base = BaseImage::read(image);
    ASSERT_FALSE(base.ok());
    EXPECT_EQ(base.error().message(), "it has 512 layers, and can have no more");
}

}  // namespace
}  // namespace mpc::oci
