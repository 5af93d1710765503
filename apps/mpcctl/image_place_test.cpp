#include "mpcctl/image_place.h"

#include <gtest/gtest.h>

#include "mpcctl/exit_code.h"

namespace mpc::ctl {
namespace {

std::string const digest = "sha256:" + std::string(64, 'a');

TEST(ImagePlace, NamesARegistrysImageByTagOrDigest)
{
    auto const both = std::get<RegistryPlace>(parse_image_place("registry:ghcr.io/near/node:1@" + digest).value());
    EXPECT_EQ(both.name.repository(), "ghcr.io/near/node");
    EXPECT_EQ(both.name.tag(), "1");
    EXPECT_EQ(both.digest->text(), digest);
    auto const port = std::get<RegistryPlace>(parse_image_place("registry:127.0.0.1:5000/node").value());
    EXPECT_EQ(port.name.registry(), "127.0.0.1:5000");
    EXPECT_FALSE(port.name.tag() || port.digest);
}

TEST(ImagePlace, NamesAnImageOfTheEngine)
{
    for (auto const& name : { std::string("near/node:1"), "near/node@" + digest, digest })
        EXPECT_EQ(std::get<EnginePlace>(parse_image_place("engine:" + name).value()).reference, name);
}

TEST(ImagePlace, IsAFileOtherwise)
{
    EXPECT_EQ(std::get<oci::Place>(parse_image_place("oci:/a/b").value()).path, "/a/b");
}

TEST(ImagePlace, RefusesOthersAsUsage)
{
    for (auto const& text : { std::string(), std::string("/a/b"), std::string("registry:"), std::string("registry"),
             std::string("registry:Upper/case"), std::string("registry:a/b@sha256:12"),
             "registry:a/b@" + digest + "@" + digest, "registry:@" + digest, std::string("engine:"),
             std::string("engine:a/../b"), std::string("engine:a?b=c"), std::string("engine:sha256:12"),
             std::string("engine:a b"), std::string("docker://a/b") }) {
        auto const place = parse_image_place(text);
        ASSERT_FALSE(place.ok()) << text;
        EXPECT_EQ(code_of(place.error()), ExitCode::Usage) << text;
        EXPECT_FALSE(place.error().remedy().empty()) << text;
    }
}

}  // namespace
}  // namespace mpc::ctl
