#include "json/json.h"

#include <gtest/gtest.h>

namespace mpc::json {
namespace {

std::string problem(std::string_view text, Limits limits = {})
{
    auto const value = read(text, limits);
    return value.ok() ? "accepted" : value.error().message();
}

TEST(JsonRead, KeepsTheOrderOfMembersAndAllBitsOfNumbers)
{
    auto const value = read(R"({"b":18446744073709551615,"a":[-9223372036854775808,true,null,"x",1.5]})");
    ASSERT_TRUE(value.ok());
    EXPECT_EQ(write(*value), R"({"b":18446744073709551615,"a":[-9223372036854775808,true,null,"x",1.5]})");
}

TEST(JsonRead, RefusesANameTwiceInOneObject)
{
    EXPECT_NE(problem(R"({"a":1,"b":{"a":2},"a":3})").find("twice"), std::string::npos);
    EXPECT_EQ(problem(R"({"a":1,"b":{"a":2}})"), "accepted");
}

TEST(JsonRead, RefusesTheSameNameWrittenWithEscapes)
{
    EXPECT_NE(problem(R"({"a":1,"\u0061":2})").find("twice"), std::string::npos);
}

TEST(JsonRead, RefusesTextAfterTheValue) { EXPECT_NE(problem("{} x"), "accepted"); }
TEST(JsonRead, RefusesNothing) { EXPECT_NE(problem(""), "accepted"); }
TEST(JsonRead, RefusesInvalidUtf8) { EXPECT_NE(problem("\"\xff\""), "accepted"); }
TEST(JsonRead, RefusesAByteOrderMark) { EXPECT_NE(problem("\xef\xbb\xbf{}"), "accepted"); }
TEST(JsonRead, RefusesComments) { EXPECT_NE(problem("/* */ {}"), "accepted"); }
TEST(JsonRead, RefusesATrailingComma) { EXPECT_NE(problem("[1,]"), "accepted"); }
TEST(JsonRead, RefusesControlCharactersInText) { EXPECT_NE(problem("\"a\nb\""), "accepted"); }

TEST(JsonRead, RefusesNestingBeyondItsLimitWithoutRecursion)
{
    EXPECT_EQ(problem(std::string(1 << 20, '[')), "nested too deeply");
    EXPECT_EQ(problem("[[1]]", { .depth = 2 }), "accepted");
    EXPECT_EQ(problem("[[[1]]]", { .depth = 2 }), "nested too deeply");
}

TEST(JsonRead, RefusesMoreThanItsSizeLimit)
{
    EXPECT_EQ(problem("[1]", { .bytes = 3 }), "accepted");
    EXPECT_NE(problem("[10]", { .bytes = 3 }), "accepted");
}

TEST(JsonRead, ReadsAnObjectOfManyMembersInLinearTime)
{
    std::string text = "{";
    for (unsigned i = 0; i < 200000; ++i)
        text += "\"" + std::to_string(i) + "\":0,";
    EXPECT_EQ(read(text + "\"x\":0}")->object()->size(), 200001U);
}

TEST(JsonRead, NamesWhatOccursTwicePrintablyAndBriefly)
{
    auto const problem_of = [](std::string const& name) { return problem("{\"" + name + "\":1,\"" + name + "\":2}"); };
    EXPECT_EQ(problem_of(R"(\u001b]0;x\u0007)"), "the name \" ]0;x \" twice in one object");
    EXPECT_LT(problem_of(std::string(5000, 'a')).size(), 100U);
}

TEST(JsonRead, NeverEchoesTheText) { EXPECT_EQ(problem(R"({"a": canary})").find("canary"), std::string::npos); }

TEST(JsonRead, GivesAnErrorForEveryCutOfAText)
{
    std::string_view const text = R"({"a":[1,{"b":"c"}],"d":true})";
    for (std::size_t length = 0; length < text.size(); ++length)
        EXPECT_NE(problem(text.substr(0, length)), "accepted") << length;
}

TEST(JsonObject, NamesWhatIsMissingOrOfAnotherType)
{
    Object const object { { "text", "x" }, { "number", 5 }, { "flag", true }, { "list", Array {} },
        { "object", Object {} } };
    EXPECT_EQ(*object.require_text("text"), "x");
    EXPECT_EQ(*object.require_number("number"), 5U);
    EXPECT_TRUE(*object.require_bool("flag"));
    EXPECT_TRUE(object.require_array("list").ok());
    EXPECT_TRUE(object.require_object("object").ok());
    EXPECT_NE(object.require_text("none").error().message().find("\"none\" is missing"), std::string::npos);
    EXPECT_NE(object.require_text("number").error().message().find("\"number\" is not"), std::string::npos);
    EXPECT_FALSE(object.require_number("text").ok());
    EXPECT_FALSE(object.require_bool("number").ok());
    EXPECT_FALSE(object.require_array("object").ok());
    EXPECT_FALSE(object.require_object("list").ok());
}

TEST(JsonObject, NamesTheFirstUnknownMember)
{
    Object const object { { "a", 1 }, { "b", 2 } };
    EXPECT_TRUE(object.allow_only({ "a", "b", "c" }).ok());
    EXPECT_EQ(object.allow_only({ "a" }).error().message(), "unknown member \"b\"");
}

TEST(JsonObject, NamesAnUnknownMemberPrintablyAndBriefly)
{
    EXPECT_EQ(Object({ { "\x1b[2J", 1 } }).allow_only({}).error().message(), "unknown member \" [2J\"");
    EXPECT_LT(Object({ { std::string(5000, 'a'), 1 } }).allow_only({}).error().message().size(), 100U);
}

TEST(JsonWrite, CanonicalSortsMembersAndEscapesAsRfc8785)
{
    Value const value = Object { { "b", "\x01\n\"\\/\xc3\xa9" }, { "a", Object { { "d", 1 }, { "c", Array { 2 } } } } };
    EXPECT_EQ(write_canonical(value), "{\"a\":{\"c\":[2],\"d\":1},\"b\":\"\\u0001\\n\\\"\\\\/\xc3\xa9\"}");
}

TEST(JsonWrite, PrettyIndentsAndIsReadBackAsTheSame)
{
    Value const value = Object { { "a", Array { 1, 2 } }, { "e", Object {} }, { "f", Array {} } };
    EXPECT_EQ(write_pretty(value), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"e\": {},\n  \"f\": []\n}");
    EXPECT_EQ(write(*read(write_pretty(value))), write(value));
}

TEST(JsonWrite, WritesWhatItsReaderTakesAlsoOfTextThatIsNotUtf8)
{
    Value const value = Object { { "a\xff", "b\xe6\x97" } };
    EXPECT_EQ(write(value), "{\"a\xef\xbf\xbd\":\"b\xef\xbf\xbd\xef\xbf\xbd\"}");
    EXPECT_TRUE(read(write_pretty(value)).ok());
}

TEST(JsonWrite, CanonicalTakesNoTextForAnother)
{
    EXPECT_NE(write_canonical("\xff"), write_canonical("\xef\xbf\xbd"));
    EXPECT_FALSE(read(write_canonical("\xff")).ok());
}

TEST(JsonWrite, GivesZeroNoSign) { EXPECT_EQ(write_canonical(*read("[-0.0,0.0,-0e1]")), "[0,0,0]"); }

}  // namespace
}  // namespace mpc::json
