#include "near/views.h"

#include <gmock/gmock.h>

namespace mpc::near {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string hex(char c) { return std::string(64, c); }
image::ImageDigest digest(char c) { return image::ImageDigest::parse("sha256:" + hex(c)).value(); }

std::string in_quotes(std::string const& text) { return '"' + text + '"'; }
std::string entry(char c, std::string const& deadline)
{
    return R"({"image_hash":")" + hex(c) + R"(","expiry_timestamp_seconds":)" + deadline + "}";
}

std::vector<AllowedImage> images(std::string const& json) { return parse_allowed_images(json).value(); }

TEST(AllowedImages, AreInTheOrderOfTheViewWithTheirDeadlines)
{
    auto const list = images("[" + entry('b', "null") + "," + entry('a', "1786622400") + "]");
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].digest, digest('b'));
    EXPECT_FALSE(list[0].deadline);
    EXPECT_EQ(list[1].digest, digest('a'));
    EXPECT_EQ(list[1].deadline->time_since_epoch().count(), 1786622400);
}

TEST(AllowedImages, OfOlderContractsAreHashesAlone)
{
    auto const list = images("[" + in_quotes(hex('b')) + "," + in_quotes("sha256:" + hex('a')) + "]");
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].digest, digest('b'));
    EXPECT_EQ(list[1].digest, digest('a'));
}

TEST(AllowedImages, AreAllowedUntilTheirDeadline)
{
    auto const at = [](int seconds) { return std::chrono::sys_seconds(std::chrono::seconds(seconds)); };
    auto const list = images("[" + entry('b', "null") + "," + entry('a', "100") + "]");
    EXPECT_TRUE(is_allowed(list[0], at(1000)));
    EXPECT_TRUE(is_allowed(list[1], at(99)));
    EXPECT_FALSE(is_allowed(list[1], at(100)));
}

TEST(AllowedImages, MayBeNone) { EXPECT_TRUE(images("[]").empty()); }

TEST(AllowedImages, CountOnceWhereTheyAreNewest)
{
    auto const list = images("[" + entry('b', "null") + "," + entry('a', "5") + "," + entry('b', "4") + "]");
    ASSERT_EQ(list.size(), 2U);
    EXPECT_FALSE(list[0].deadline);
}

TEST(AllowedImages, IgnoreMembersThatNobodyKnows)
{
    EXPECT_TRUE(parse_allowed_images(R"([{"image_hash":")" + hex('a')
        + R"(","expiry_timestamp_seconds":null,"more":1}])")
            .ok());
}

TEST(AllowedImages, RefuseWrongShapesByTheirEntry)
{
    for (auto const& bad : { entry('A', "null"), entry('g', "null"), entry('a', "-1"), entry('a', "1.5"),
             entry('a', R"("1")"), entry('a', "true"), entry('a', "253402300800"),
             R"({"image_hash":")" + hex('a') + "\"}", std::string(R"({"expiry_timestamp_seconds":null})"),
             std::string(R"({"image_hash":1,"expiry_timestamp_seconds":null})"), std::string("1"), std::string("null"),
             std::string("[]"), in_quotes("abc") }) {
        auto const list = parse_allowed_images("[" + entry('b', "null") + "," + bad + "]");
        ASSERT_FALSE(list.ok()) << bad;
        EXPECT_THAT(list.error().message(), HasSubstr("entry 2")) << bad;
    }
    for (auto const* bad : { "", "{}", "null", "\"\"", "[", "[]x" })
        EXPECT_FALSE(parse_allowed_images(bad).ok()) << bad;
}

TEST(AllowedImages, DeadlinesAgreeWithTheOrderOrNot)
{
    auto const agree = [](std::string const& first, std::string const& second) {
        return deadlines_agree_with_order(images("[" + entry('b', first) + "," + entry('a', second) + "]"));
    };
    EXPECT_TRUE(agree("null", "5"));
    EXPECT_TRUE(agree("6", "5"));
    EXPECT_TRUE(agree("5", "5"));
    EXPECT_TRUE(agree("null", "null"));
    EXPECT_FALSE(agree("5", "6"));
    EXPECT_FALSE(agree("5", "null"));
}

TEST(AllowedLaunchers, AreTurnedAroundBecauseTheViewHasTheNewestLast)
{
    auto const json = "[" + in_quotes(hex('a')) + "," + in_quotes(hex('b')) + "," + in_quotes(hex('a')) + ","
        + in_quotes(hex('c')) + "]";
    EXPECT_THAT(parse_allowed_launchers(json).value(), ElementsAre(digest('c'), digest('a'), digest('b')));
}

TEST(AllowedLaunchers, RefuseWrongShapes)
{
    for (auto const& bad : { std::string("1"), std::string("{}"), in_quotes(hex('a') + "0"), in_quotes(hex('B')) })
        EXPECT_FALSE(parse_allowed_launchers("[" + bad + "]").ok()) << bad;
}

TEST(AllowedComposes, AreInTheOrderOfTheViewOnceEach)
{
    auto const json = "[" + in_quotes(hex('a')) + "," + in_quotes(hex('b')) + "," + in_quotes(hex('a')) + "]";
    EXPECT_THAT(parse_allowed_composes(json).value(), ElementsAre(digest('a').bytes(), digest('b').bytes()));
    EXPECT_FALSE(parse_allowed_composes("[1]").ok());
}

TEST(AllowedMeasurements, HaveFiveRegistersEach)
{
    auto const member = [](std::string const& name, std::string const& byte) {
        std::string value;
        for (auto i = 0; i < 48; ++i)
            value += byte;
        return in_quotes(name) + ":" + in_quotes(value);
    };
    auto const with = [&](std::string const& last) {
        return "[{" + member("mrtd", "01") + "," + member("rtmr0", "02") + "," + member("rtmr1", "03") + ","
            + member("rtmr2", "04") + last + "}]";
    };
    auto const list = parse_allowed_measurements(with("," + member("key_provider_event_digest", "0F"))).value();
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].mrtd[0], 1);
    EXPECT_EQ(list[0].rtmr0[0], 2);
    EXPECT_EQ(list[0].rtmr1[0], 3);
    EXPECT_EQ(list[0].rtmr2[47], 4);
    EXPECT_EQ(list[0].key_provider_event_digest[0], 15);
    EXPECT_FALSE(parse_allowed_measurements(with("")).ok());
    EXPECT_FALSE(parse_allowed_measurements(with(R"(,"key_provider_event_digest":"00")")).ok());
    EXPECT_FALSE(parse_allowed_measurements("[1]").ok());
}

}  // namespace
}  // namespace mpc::near
