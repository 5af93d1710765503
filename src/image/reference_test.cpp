#include "image/reference.h"

#include <gtest/gtest.h>

namespace mpc::image {
namespace {

class AcceptedReference : public testing::TestWithParam<char const*> {};
class RefusedReference : public testing::TestWithParam<char const*> {};

std::string written(Reference const& reference)
{
    return reference.repository() + (reference.tag() ? ":" + *reference.tag() : "");
}

TEST_P(AcceptedReference, IsReadAndWrittenUnchanged)
{
    auto const reference = Reference::parse(GetParam());
    ASSERT_TRUE(reference.ok()) << reference.error().message();
    EXPECT_EQ(written(*reference), GetParam());
}

INSTANTIATE_TEST_SUITE_P(CaseC12, AcceptedReference,
    testing::Values("nearone/mpc-node", "nearone/mpc-node:3.8.1", "nearone/mpc-node:testnet-release",
        "ghcr.io/nearone/mpc-node", "public.ecr.aws/myalias/mpc-node", "us-docker.pkg.dev/my-project/my-repo/mpc-node",
        "myregistry.azurecr.io/mpc-node", "registry.example.com:5000/myproject/mpc-node",
        "registry.example.com:5000/myproject/mpc-node:v1.0", "ubuntu", "library/alpine",
        "ghcr.io/org/team/subproject/image", "my_org/my_image"));

INSTANTIATE_TEST_SUITE_P(Grammar, AcceptedReference,
    testing::Values("a", "a:b", "a__b/c", "a---b/c", "a.b", "localhost/x", "localhost:5000/x:t", "127.0.0.1:5000/x",
        "[::1]:5000/x:t", "[2001:db8::1]/x", "Registry.Example.com/x", "x.io/a:_tag", "x.io:1/a", "x.io:65535/a"));

TEST_P(RefusedReference, IsInvalidAndNotEchoed)
{
    auto const reference = Reference::parse(GetParam());
    ASSERT_FALSE(reference.ok());
    EXPECT_EQ(reference.error().kind(), ErrorKind::Invalid);
    EXPECT_FALSE(reference.error().remedy().empty());
    if (std::string_view(GetParam()).size() > 3) {
        EXPECT_EQ(reference.error().message().find(GetParam()), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(CaseC13Malformed, RefusedReference,
    testing::Values("", "nearone/mpc-node:", "nearone/", "nearone/mpc-node.", "nearone//mpc-node",
        "nearone/mpc-node::tag", "nearone/mpc-node:.tag", ".hidden/image", "/nearone/mpc-node", ":latest"));

INSTANTIATE_TEST_SUITE_P(CaseC14Injection, RefusedReference,
    testing::Values("nearone/mpc node", "nearone/mpc-node\nevil: true", "nearone/mpc-node\"; evil",
        "nearone/mpc-node; rm -rf /", "nearone/`whoami`", "nearone/${USER}", "nearone\\mpc-node", "nearone/mpc-node\t",
        "nearone/mpc-node\x7f", "nearone/mpc-node:tag\n"));

INSTANTIATE_TEST_SUITE_P(CaseC15DigestNonAsciiOption, RefusedReference,
    testing::Values("nearone/mpc-node@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a@b",
        "nearone/mpc-n\xc3\xb6"
        "de",
        "-nearone/mpc-node", "--privileged", "nearone/mpc-node:-rf", "nearone/mpc-node:t\xc3\xa4g"));

INSTANTIATE_TEST_SUITE_P(CaseC16HolesOfThePeer, RefusedReference,
    testing::Values("NearOne/mpc-node", "nearone/MPC", "a:b:c", "a/-b", "a/b-", "host:99999/x", "x.io:0/a", "x.io:/a",
        "x.io:5a/a", "a..b/c", "a___b/c", "a._b/c", "-x.io/a", "x-.io/a", "x..io/a", ".io/a", "x.io./a", "[::1/a",
        "[]/a", "[::1]x/a", "[::g]/a", "https://ghcr.io/near/mpc-node", "user:word@ghcr.io/a",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));

TEST(Reference, SplitsTheTagFromTheRepository)
{
    auto const reference = *Reference::parse("registry.example.com:5000/a/b:v1.0");
    EXPECT_EQ(reference.repository(), "registry.example.com:5000/a/b");
    EXPECT_EQ(reference.tag(), "v1.0");
    EXPECT_EQ(Reference::parse("registry.example.com:5000/a/b")->tag(), std::nullopt);
}

TEST(Reference, TellsTheRegistryThatCredentialsAreFiledUnder)
{
    auto const registry = [](char const* text) { return Reference::parse(text)->registry(); };
    EXPECT_EQ(registry("nearone/mpc-node"), "docker.io");
    EXPECT_EQ(registry("ubuntu"), "docker.io");
    EXPECT_EQ(registry("a.b"), "docker.io");
    EXPECT_EQ(registry("docker.io/nearone/mpc-node"), "docker.io");
    EXPECT_EQ(registry("index.docker.io/nearone/mpc-node"), "docker.io");
    EXPECT_EQ(registry("ghcr.io/near/mpc-node"), "ghcr.io");
    EXPECT_EQ(registry("127.0.0.1:5000/x:tag"), "127.0.0.1:5000");
    EXPECT_EQ(registry("host:5000/x"), "host:5000");
    EXPECT_EQ(registry("localhost/x"), "localhost");
    EXPECT_EQ(registry("[::1]:5000/x"), "[::1]:5000");
}

TEST(Reference, TakesAnotherTagInTheSameRepository)
{
    auto const other = Reference::parse("ghcr.io/a/b:old")->with_tag("new");
    EXPECT_EQ(written(other), "ghcr.io/a/b:new");
}

TEST(Reference, RefusesANameOfMoreThan255Characters)
{
    EXPECT_TRUE(Reference::parse(std::string(255, 'a')).ok());
    EXPECT_TRUE(Reference::parse(std::string(255, 'a') + ":latest").ok());
    EXPECT_FALSE(Reference::parse(std::string(256, 'a')).ok());
}

TEST(Reference, RefusesANulInTheMiddle)
{
    EXPECT_FALSE(Reference::parse(std::string_view("a\0b", 3)).ok());
    EXPECT_FALSE(Reference::parse(std::string_view("a:b\0", 4)).ok());
}

TEST(Tag, IsUpTo128WordCharactersDotsAndDashes)
{
    EXPECT_TRUE(is_tag("3.8.1"));
    EXPECT_TRUE(is_tag("_a-B.9"));
    EXPECT_TRUE(is_tag(std::string(128, 'a')));
    EXPECT_FALSE(is_tag(std::string(129, 'a')));
    EXPECT_FALSE(is_tag(""));
    EXPECT_FALSE(is_tag(".a"));
    EXPECT_FALSE(is_tag("-a"));
    EXPECT_FALSE(is_tag("a b"));
    EXPECT_FALSE(is_tag("a/b"));
    EXPECT_FALSE(is_tag("a:b"));
    EXPECT_FALSE(is_tag("a\n"));
}

}  // namespace
}  // namespace mpc::image
