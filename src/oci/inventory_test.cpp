// What layers are together, and which of them engines would read differently.
#include "oci/inventory.h"
#include "support/layers.h"

namespace mpc::oci {
namespace {

using test::inventory_of;
using Layers = std::vector<std::vector<test::Part>>;

constexpr auto directory = TarType::Directory;
constexpr auto symlink = TarType::SymbolicLink;
constexpr auto hardlink = TarType::HardLink;

/// All but the directories that no layer has.
std::vector<std::string> paths_of(Result<Inventory> const& inventory)
{
    EXPECT_TRUE(inventory.ok()) << inventory.error().message();
    std::vector<std::string> paths;
    for (auto const& [path, file] : inventory->files)
        if (!file.implied)
            paths.push_back(path);
    return paths;
}

using Paths = std::vector<std::string>;

void expect_refused(Layers const& layers, std::string const& why)
{
    auto const inventory = inventory_of(layers);
    ASSERT_FALSE(inventory.ok()) << why;
    EXPECT_NE(inventory.error().message().find(why), std::string::npos) << inventory.error().message();
}

TEST(Inventory, AWhiteoutHidesWhatIsBelowIt)
{
    EXPECT_EQ(paths_of(inventory_of({ { { "a" }, { "d/x" }, { "d0" }, { "d/y" } }, { { ".wh.a" }, { ".wh.d" } } })),
        Paths({ "d0" }));
}

TEST(Inventory, AnOpaqueWhiteoutEmptiesItsDirectoryOnly)
{
    EXPECT_EQ(paths_of(inventory_of({ { { "a" }, { "d/x" } }, { { "d/.wh..wh..opq" }, { "d/z" } } })),
        Paths({ "a", "d/z" }));
    Layers const after { { { "d/x" } }, { { "d", directory }, { "d/+" }, { "d/.wh..wh..opq" } } };
    EXPECT_EQ(paths_of(inventory_of(after)), Paths({ "d", "d/+" }));
}

TEST(Inventory, RefusesAnOpaqueWhiteoutAfterWhatNeedsADirectoryThatItHides)
{
    expect_refused({ { { "d/e/x" } }, { { "d/e/y" }, { "d/.wh..wh..opq" } } }, "before the whiteout of all in /d");
    expect_refused({ { { "a" } }, { { "d/e/y" }, { "d/.wh..wh..opq" } } }, "before the whiteout of all in /d");
}

TEST(Inventory, RefusesAWhiteoutTogetherWithWhatItHides)
{
    for (auto const* const path : { "d", "d/y", "d/.wh.y" }) {
        expect_refused({ { { "d/x" } }, { { ".wh.d" }, { path } } }, "in a layer that hides /d");
        if (std::string_view(path) != "d/.wh.y")
            expect_refused({ { { "d/x" } }, { { path }, { ".wh.d" } } }, "in a layer that hides /d");
    }
}

TEST(Inventory, RefusesAWhiteoutOfNothing)
{
    for (auto const* const path : { ".wh.", "d/.wh.", "d/.wh..", "d/.wh...", ".wh..wh.plnk" })
        expect_refused({ { { "d/x" } }, { { path } } }, "whiteout of nothing");
    expect_refused({ { { "a" } }, { { ".wh.a", directory, "", 0755 } } }, "a whiteout and a directory");
    expect_refused({ { { "a" } }, { { ".wh.a" }, { ".wh.a" } } }, "in the layer twice");
}

TEST(Inventory, AFileReplacesADirectoryAndADirectoryALink)
{
    Layers const layers { { { "d/x" }, { "l", symlink, "d" } }, { { "d" }, { "l", directory }, { "l/y" } } };
    EXPECT_EQ(paths_of(inventory_of(layers)), Paths({ "d", "l", "l/y" }));
}

TEST(Inventory, RefusesWhatLiesBelowALinkOrFileOfALayerBelow)
{
    expect_refused({ { { "usr/lib/a" }, { "lib", symlink, "usr/lib" } }, { { "lib/b" } } },
        "/lib/b lies below /lib, a symbolic link of a layer below");
    expect_refused({ { { "lib", symlink, "usr" } }, { { "lib/b" }, { "lib", directory } } }, "lies below /lib");
    expect_refused({ { { "lib", symlink, "usr" } }, { { "lib/.wh.b" } } }, "lies below /lib");
    expect_refused({ { { "lib" } }, { { "lib/b" } } }, "lies below /lib, a file of a layer below");
}

TEST(Inventory, AHardLinkHasTheContentOfItsFileAlsoFromALayerBelow)
{
    auto const files =
        inventory_of({ { { "a", TarType::File, "abc" } }, { { "b", hardlink, "a" } }, { { "c", hardlink, "b" } } });
    ASSERT_TRUE(files.ok()) << files.error().message();
    auto const& link = files->files.at("c");
    EXPECT_EQ(link.content, sha256({ as_bytes("abc") }));
    EXPECT_EQ(link.entry.size, 3);
    EXPECT_EQ(link.inode, files->files.at("a").inode);
}

TEST(Inventory, AHardLinkToASymbolicLinkIsOne)
{
    auto const files = inventory_of({ { { "s", symlink, "x" }, { "h", hardlink, "s" } } });
    ASSERT_TRUE(files.ok()) << files.error().message();
    EXPECT_EQ(files->files.at("h").entry.type, symlink);
    EXPECT_EQ(files->files.at("h").entry.target, "x");
}

TEST(Inventory, RefusesAHardLinkBeforeItsFile)
{
    Layers const layers { { { "base", TarType::File, "old" } }, { { "b", hardlink, "base" }, { "base" } } };
    expect_refused(layers, "replaces or removes");
    expect_refused({ { { "b", hardlink, "a" }, { "a" } } }, "no file that is there before it");
    expect_refused({ { { "d/x" } }, { { "b", hardlink, "d" } } }, "no file that is there before it");
}

TEST(Inventory, RefusesAHardLinkToAFileBelowThatTheLayerRemoves)
{
    Layers const below { { { "d/a" } } };
    expect_refused({ below[0], { { "b", hardlink, "d/a" }, { "d/.wh.a" } } }, "replaces or removes");
    expect_refused({ below[0], { { "b", hardlink, "d/a" }, { "d/.wh..wh..opq" } } }, "replaces or removes");
    expect_refused({ below[0], { { "b", hardlink, "d/a" }, { "d" } } }, "replaces or removes");
    expect_refused({ below[0], { { ".wh.d" }, { "b", hardlink, "d/a" } } }, "no file that is there before it");
}

TEST(Inventory, RefusesAHardLinkThatSaysSomethingElseOfItsFile)
{
    expect_refused({ { { "a" }, { "b", hardlink, "a", 04755 } } }, "another mode, owner or attribute");
    expect_refused({ { { "a" }, { "b", hardlink, "a", 0644, { { "security.capability", "x" } } } } },
        "another mode, owner or attribute");
    EXPECT_TRUE(
        inventory_of({ { { "a", TarType::File, "", 0644, { { "user.x", "y" } } }, { "b", hardlink, "a" } } }).ok());
}

TEST(Inventory, RefusesALayerThatContradictsItself)
{
    expect_refused({ { { "a" }, { "a" } } }, "in the layer twice");
    expect_refused({ { { "a/b" }, { "a" } } }, "a directory and a file in one layer");
    expect_refused({ { { "a", symlink, "/etc" }, { "a/passwd" } } }, "lies below /a, a symbolic link");
    expect_refused({ { { "a", hardlink, "b" }, { "b", hardlink, "a" } } }, "no file that is there before it");
}

TEST(Inventory, ADirectoryMayComeAfterWhatIsInIt)
{
    auto const files = inventory_of({ { { "d/x" }, { "d", directory, "", 0700 } } });
    ASSERT_TRUE(files.ok()) << files.error().message();
    EXPECT_EQ(files->files.at("d").entry.mode, 0700);
    EXPECT_FALSE(files->files.at("d").implied);
}

TEST(Inventory, ItsLimitsAreForAllLayersTogether)
{
    Layers const layers { { { "a" }, { "b" } }, { { "c" }, { "d" } } };
    EXPECT_TRUE(inventory_of(layers, { .entries = 4, .text_bytes = 4 * 65 }).ok());
    EXPECT_FALSE(inventory_of(layers, { .entries = 3 }).ok());
    EXPECT_FALSE(inventory_of(layers, { .text_bytes = 4 * 65 - 1 }).ok());
}

TEST(Inventory, WhatIsKeptOfADirectoryThatNoLayerHasAndOfALinksFileCounts)
{
    constexpr std::size_t deep = 65 + 64 + 3;
    EXPECT_TRUE(inventory_of({ { { "a/b" } } }, { .text_bytes = deep }).ok());
    EXPECT_FALSE(inventory_of({ { { "a/b" } } }, { .text_bytes = deep - 1 }).ok());
    Layers const linked { { { "s", symlink, std::string(90, 'x') }, { "h", hardlink, "s" } } };
    constexpr std::size_t both = 2 * (65 + 90) + 66;
    EXPECT_TRUE(inventory_of(linked, { .text_bytes = both }).ok());
    EXPECT_FALSE(inventory_of(linked, { .text_bytes = both - 1 }).ok());
}

}  // namespace
}  // namespace mpc::oci
