#include "docker/target.h"

#include <gtest/gtest.h>

namespace mpc::docker {
namespace {

constexpr auto digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

TEST(Target, BuildsThePathOfAContainer)
{
    EXPECT_EQ(container_path("mpc-node_1.old", "json").value(), "/containers/mpc-node_1.old/json");
    EXPECT_EQ(container_path("0a", "").value(), "/containers/0a");
}

TEST(Target, RefusesContainerNamesThatWouldMakeAnotherPath)
{
    for (auto const* name :
        { "", ".", "..", "../images", "a/b", "a?force=1", "a#b", "a%2fb", "a b", "-a", "_a", "a\n", "a\xc3\xa4" })
        EXPECT_EQ(container_path(name, "json").error().kind(), ErrorKind::Invalid) << name;
    EXPECT_TRUE(container_path(std::string(255, 'a'), "json").ok());
    EXPECT_FALSE(container_path(std::string(256, 'a'), "json").ok());
}

TEST(Target, KeepsAReferenceAsDockersOwnClientSendsIt)
{
    EXPECT_EQ(image_path("/images/", "127.0.0.1:5000/near/mpc-node@" + std::string(digest), "/json").value(),
        "/images/127.0.0.1:5000/near/mpc-node@" + std::string(digest) + "/json");
    EXPECT_TRUE(image_path("/images/", digest, "").ok());
    EXPECT_TRUE(image_path("/images/", "nearone/mpc_node:3.8.1-rc.1", "").ok());
}

TEST(Target, RefusesReferencesThatWouldMakeAnotherPath)
{
    for (auto const* reference : { "", "..", "a/../b", "a/..", "a/./b", "a//b", "/a", "a/", "a%2e%2e", "a?x=1", "a#b",
             "a b", "a\\b", "-a", "@a", "a\xc3\xa4" })
        EXPECT_EQ(image_path("/images/", reference, "/json").error().kind(), ErrorKind::Invalid) << reference;
    EXPECT_TRUE(check_reference(std::string(512, 'a')).ok());
    EXPECT_FALSE(check_reference(std::string(513, 'a')).ok());
}

TEST(Target, DoesNotRepeatARefusedName)
{
    EXPECT_EQ(container_path("canary secret", "").error().message().find("canary"), std::string::npos);
    EXPECT_EQ(image_path("", "canary secret", "").error().message().find("canary"), std::string::npos);
}

}  // namespace
}  // namespace mpc::docker
