#include "vmm/claim.h"

#include <gtest/gtest.h>

#include "config/user_config.h"

namespace mpc::vmm {
namespace {

using namespace std::chrono_literals;

Claim a_claim(std::string_view host = "office") { return Claim::make(host, crypto::Time(0s)).value(); }

TEST(Claim, NamesItsHostAndItsTime)
{
    auto const line = a_claim().line();
    EXPECT_TRUE(line.starts_with("# mpcctl upgrade ")) << line;
    EXPECT_TRUE(line.ends_with(" of office, begun 1970-01-01T00:00:00Z")) << line;
}

TEST(Claim, IsNeverEqualToAnother) { EXPECT_NE(a_claim(), a_claim()); }

TEST(Claim, IsFoundAndTakenOffAgain)
{
    auto const claim = a_claim();
    auto const marked = claim.on(Secret("PORTS=80:80\n")).reveal();
    EXPECT_EQ(Claim::of(marked), claim);
    EXPECT_EQ(without_claim(marked), "PORTS=80:80\n");
    EXPECT_EQ(without_claim(a_claim().on(Secret(marked)).reveal()), "PORTS=80:80\n");
    EXPECT_EQ(Claim::parse(claim.line()).value(), claim);
}

TEST(Claim, IsNotSeenWhereThereIsNone)
{
    for (std::string const& text : { std::string("PORTS=1:1\n"), std::string("# a comment\nPORTS=1:1\n"), std::string(),
             "\n" + a_claim().line() + "\n", a_claim().line(), std::string("# mpcctl upgrade \x01\nA=B\n"),
             "# mpcctl upgrade " + std::string(300, 'x') + "\n" }) {
        EXPECT_FALSE(Claim::of(text)) << text;
        EXPECT_EQ(without_claim(text), text);
    }
}

TEST(Claim, IsOneLineWhateverTheHostIsCalled)
{
    auto const claim = a_claim("x\nMPC_IMAGE_NAME=evil\n" + std::string(500, 'y'));
    EXPECT_EQ(claim.line().find('\n'), std::string::npos);
    EXPECT_TRUE(Claim::parse(claim.line()).ok());
    EXPECT_TRUE(Claim::parse(a_claim("").line()).ok());
}

TEST(Claim, ChangesNothingForTheLauncher)
{
    for (std::string const text : { "MPC_IMAGE_NAME=near/node\nMPC_IMAGE_TAGS=a,b\nPORTS=80:80\n",
             "[launcher_config]\nimage_reference = \"near/node:a\"\nport_mappings = []\n[mpc_node_config]\nx = 1\n" }) {
        auto const before = config::read_user_config(text, config::Platform::Tee);
        auto const after = config::read_user_config(a_claim().on(Secret(text)).reveal(), config::Platform::Tee);
        ASSERT_TRUE(before.ok()) << before.error().message();
        ASSERT_TRUE(after.ok()) << after.error().message();
        EXPECT_EQ(before->image, after->image);
        EXPECT_EQ(before->tags, after->tags);
        EXPECT_EQ(before->ports, after->ports);
        EXPECT_EQ(before->node.index(), after->node.index());
        EXPECT_EQ(before->warnings.size(), after->warnings.size());
    }
}

}  // namespace
}  // namespace mpc::vmm
