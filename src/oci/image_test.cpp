// A tree, the image of it, what is in it, and how two of them differ.
#include <gtest/gtest.h>

#include "oci/build.h"
#include "oci/comparison.h"
#include "oci/inventory.h"
#include "support/temporary_directory.h"

namespace mpc::oci {
namespace {

using test::TemporaryDirectory;

/// What a layer is made of in a test.
struct Part {
    std::string path;
    TarType type = TarType::File;
    std::string text {};  ///< content, or a link's target
};

std::string layer_of(std::vector<Part> const& parts)
{
    BytesSink sink;
    TarWriter writer(sink);
    for (auto const& [path, type, text] : parts) {
        auto const is_file = type == TarType::File;
        EXPECT_TRUE(writer
                .add({ .path = path, .type = type, .size = is_file ? text.size() : 0, .target = is_file ? "" : text })
                .ok());
        EXPECT_TRUE(writer.content(as_bytes(is_file ? text : "")).ok());
    }
    EXPECT_TRUE(writer.finish().ok());
    return std::string(as_text(sink.bytes()));
}

/// Layers as they are stored, with the digests that they have.
Result<Inventory> inventory_of(std::vector<std::vector<Part>> const& layers)
{
    TemporaryDirectory const directory;
    StoredImage image { .config = R"({"config":{}})" };
    for (auto const& parts : layers) {
        auto const tar = layer_of(parts);
        auto const blob = TRY(FileRange::open(directory.write(std::to_string(image.layers.size()), tar)));
        auto const digest = sha256({ as_bytes(tar) });
        image.layers.push_back({ .digest = LayerDigest(digest), .diff_id = DiffId(digest), .blob = blob });
    }
    return take_inventory(image);
}

std::vector<std::string> paths_of(Inventory const& inventory)
{
    std::vector<std::string> paths;
    for (auto const& [path, file] : inventory.files)
        paths.push_back(path);
    return paths;
}

using Paths = std::vector<std::string>;

TEST(Inventory, AWhiteoutHidesWhatIsBelowIt)
{
    auto const files = inventory_of({ { { "a" }, { "d/x" }, { "d/y" } }, { { ".wh.a" }, { ".wh.d" }, { "d/y" } } });
    ASSERT_TRUE(files.ok()) << files.error().message();
    EXPECT_EQ(paths_of(*files), Paths({ "d/y" }));
}

TEST(Inventory, AnOpaqueWhiteoutEmptiesItsDirectoryOnly)
{
    auto const files = inventory_of({ { { "a" }, { "d/x" } }, { { "d/.wh..wh..opq" }, { "d/z" } } });
    ASSERT_TRUE(files.ok()) << files.error().message();
    EXPECT_EQ(paths_of(*files), Paths({ "a", "d/z" }));
}

TEST(Inventory, AFileReplacesADirectoryAndADirectoryALink)
{
    auto const files = inventory_of({ { { "d/x" }, { "l", TarType::SymbolicLink, "d" } }, { { "d" }, { "l/y" } } });
    ASSERT_TRUE(files.ok()) << files.error().message();
    EXPECT_EQ(paths_of(*files), Paths({ "d", "l/y" }));
}

TEST(Inventory, AHardLinkHasTheContentOfItsFileAlsoFromALayerBelow)
{
    auto const files = inventory_of({ { { "a", TarType::File, "abc" } }, { { "b", TarType::HardLink, "a" } },
        { { "c", TarType::HardLink, "b" } } });
    ASSERT_TRUE(files.ok()) << files.error().message();
    EXPECT_EQ(files->files.at("c").content, sha256({ as_bytes("abc") }));
    EXPECT_EQ(files->files.at("c").entry.size, 3);
}

TEST(Inventory, RefusesALayerThatContradictsItself)
{
    EXPECT_FALSE(inventory_of({ { { "a" }, { "a" } } }).ok());
    EXPECT_FALSE(inventory_of({ { { "a", TarType::SymbolicLink, "/etc" }, { "a/passwd" } } }).ok());
    EXPECT_FALSE(inventory_of({ { { "a", TarType::HardLink, "b" } } }).ok());
    EXPECT_FALSE(inventory_of({ { { "a", TarType::HardLink, "b" }, { "b", TarType::HardLink, "a" } } }).ok());
}

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

Inventory with(std::vector<Part> const& parts, std::string const& config = "{}")
{
    auto inventory = inventory_of({ parts }).value();
    inventory.config = json::read_object(config).value();
    return inventory;
}

TEST(Comparison, TellsWhatMatters)
{
    EXPECT_EQ(compare(with({ { "a" } }), with({ { "a" } })).likeness, Likeness::Equal);
    EXPECT_EQ(compare(with({ { "a" } }), with({ { "b" } })).likeness, Likeness::Different);
    EXPECT_EQ(compare(with({ { "a" }, { "b" } }), with({ { "b" }, { "a" } })).likeness, Likeness::SameContent);
}

TEST(Comparison, TimesAndHistoryOfAConfigDoNotMatterAndTheRestDoes)
{
    auto const base = with({}, R"({"created":"1","history":[],"config":{"Env":["A=1"],"User":""}})");
    auto const later = with({}, R"({"created":"2","history":[1],"config":{"Env":["A=1"],"User":""}})");
    EXPECT_EQ(compare(base, later).likeness, Likeness::SameContent);
    auto const other = compare(base, with({}, R"({"created":"1","history":[],"config":{"Env":["A=1"],"User":"5"}})"));
    EXPECT_EQ(other.likeness, Likeness::Different);
    ASSERT_EQ(other.differences.size(), 1);
    EXPECT_EQ(other.differences.front().where, "config: config.User");
}

TEST(Comparison, EachPropertyOfAFileIsHeld)
{
    auto const a = with({ { "f", TarType::File, "abc" } });
    auto const differing = [&](auto const& change) {
        auto b = a;
        change(b.files.at("f"));
        return compare(a, b).likeness;
    };
    EXPECT_EQ(differing([](FileInventory& file) { file.content[0] ^= 1; }), Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.mode = 0600; }), Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.uid = 1; }), Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.gid = 1; }), Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.xattrs["security.capability"] = "x"; }),
        Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.type = TarType::Directory; }), Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.target = "x"; }), Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.mtime = 1; }), Likeness::SameContent);
}

}  // namespace
}  // namespace mpc::oci
