// Paths in an image, as a container sees them.
#include "mpcctl/image_digest.h"
#include "support/layers.h"

namespace mpc::ctl {
namespace {

constexpr auto symlink = oci::TarType::SymbolicLink;

oci::Inventory image_of(std::vector<test::Part> const& parts) { return test::inventory_of({ parts }).value(); }

std::string path_in(oci::Inventory const& image, std::string_view path)
{
    auto const file = file_in(image, path);
    return file.ok() ? file->entry.path : file.error().message();
}

TEST(FileIn, FollowsLinksAsAContainerDoes)
{
    auto const image = image_of({ { "usr/bin/busybox" }, { "usr/bin/sh", symlink, "busybox" },
        { "bin", symlink, "usr/bin" }, { "abs", symlink, "/bin/sh" }, { "up", symlink, "../../../bin/../bin/sh" },
        { "usr/up", symlink, "../abs" } });
    for (auto const* const path : { "/usr/bin/busybox", "usr//bin/./busybox", "/bin/busybox", "bin/sh", "/abs", "/up",
             "/usr/up", "../../bin/sh", "/usr/bin/../../bin/sh" })
        EXPECT_EQ(path_in(image, path), "usr/bin/busybox") << path;
}

TEST(FileIn, RefusesWhatLeadsToNoFile)
{
    auto const image = image_of({ { "d/f" }, { "loop", symlink, "loop" }, { "dangling", symlink, "d/x" },
        { "fine", oci::TarType::HardLink, "d/f" } });
    EXPECT_EQ(path_in(image, "fine"), "fine");
    EXPECT_EQ(path_in(image, "/"), "/ is a directory");
    EXPECT_EQ(path_in(image, "/d"), "/d is a directory");
    EXPECT_EQ(path_in(image, "dangling"), "dangling: /d/x is not in the image");
    EXPECT_EQ(path_in(image, "d/f/.."), "d/f/..: /d/f is no directory");
    EXPECT_EQ(path_in(image, "loop"), "loop: /loop is one link too many");
}

}  // namespace
}  // namespace mpc::ctl
