#include "oci/stored_image.h"

#include <gtest/gtest.h>

namespace mpc::oci {
namespace {

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
