#include "net/challenge.h"

#include <gtest/gtest.h>

namespace mpc::net {
namespace {

TEST(Challenges, AreReadWithTheirParameters)
{
    auto const challenges =
        parse_challenges(R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",error=invalid)");
    ASSERT_TRUE(challenges.ok()) << challenges.error().message();
    ASSERT_EQ(challenges->size(), 1U);
    auto const& bearer = challenges->front();
    EXPECT_EQ(bearer.scheme, "bearer");
    EXPECT_EQ(*bearer.parameter("realm"), "https://auth.docker.io/token");
    EXPECT_EQ(*bearer.parameter("service"), "registry.docker.io");
    EXPECT_EQ(*bearer.parameter("error"), "invalid");
    EXPECT_EQ(bearer.parameter("scope"), nullptr);
}

TEST(Challenges, AreToldApartOnOneLine)
{
    auto const challenges =
        parse_challenges(R"(Basic REALM="a, \"b\"" , Bearer realm=c,service="", Negotiate)").value();
    ASSERT_EQ(challenges.size(), 3U);
    EXPECT_EQ(challenges[0].scheme, "basic");
    EXPECT_EQ(*challenges[0].parameter("realm"), R"(a, "b")");
    EXPECT_EQ(*challenges[1].parameter("realm"), "c");
    EXPECT_EQ(*challenges[1].parameter("service"), "");
    EXPECT_TRUE(challenges[2].parameters.empty());
}

TEST(Challenges, OfANobodyAreNone) { EXPECT_TRUE(parse_challenges(" , ")->empty()); }

TEST(Challenges, AreRefusedWhereMalformed)
{
    for (std::string const bad :
        { R"(realm="x")", R"(Bearer realm="x)", R"(Bearer realm="x\)", "Bearer realm=", R"(Bearer realm="a",realm="b")",
            R"(Bearer realm="a",REALM="b")", "Bearer \"x\"", "Negotiate abc==", "(Bearer)", "\x01" })
        EXPECT_FALSE(parse_challenges(bad).ok()) << bad;
}

TEST(Challenges, AreNotTooMany)
{
    std::string parameters = "Bearer a0=b";
    std::string schemes = "S";
    for (int i = 1; i < 16; ++i)
        parameters += ",a" + std::to_string(i) + "=b";
    for (int i = 1; i < 8; ++i)
        schemes += ",S";
    EXPECT_TRUE(parse_challenges(parameters).ok());
    EXPECT_FALSE(parse_challenges(parameters + ",z=b").ok());
    EXPECT_TRUE(parse_challenges(schemes).ok());
    EXPECT_FALSE(parse_challenges(schemes + ",S").ok());
}

}  // namespace
}  // namespace mpc::net
