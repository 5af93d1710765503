#include "base/text.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace mpc {
namespace {

constexpr char const* replaced = "\xef\xbf\xbd";

TEST(Utf8, AcceptsTheFirstAndLastCharactersOfEachLength)
{
    for (auto const* text : { "", "a\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
             "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf" })
        EXPECT_TRUE(is_utf8(text)) << text;
}

TEST(Utf8, RefusesOverlongForms)
{
    for (auto const* text : { "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf" })
        EXPECT_FALSE(is_utf8(text));
}

TEST(Utf8, RefusesSurrogatesAndWhatIsBeyondUnicode)
{
    for (auto const* text : { "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff" })
        EXPECT_FALSE(is_utf8(text));
}

TEST(Utf8, RefusesACharacterThatIsCutOrStartsInTheMiddle)
{
    for (auto const* text :
        { "\xc2", "\xe1\x80", "\xf1\x80\x80", "\x80", "a\xbf", "\xe1\x80x", "\xf1\x80\x80x", "\xc2x" })
        EXPECT_FALSE(is_utf8(text));
}

/// A cut character, a lone continuation, an overlong form, a surrogate, beyond Unicode, no lead byte.
constexpr std::array bad_bytes { "\xc3", "\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff" };

TEST(ValidUtf8, ReplacesEveryByteThatBelongsToNoCharacter)
{
    for (auto const* bytes : bad_bytes) {
        auto const text = valid_utf8(std::string("a") + bytes);
        EXPECT_EQ(text.substr(0, 4), std::string("a") + replaced);
        EXPECT_EQ(text.find_first_not_of(replaced, 1), std::string::npos);
    }
    EXPECT_EQ(valid_utf8("\xe6\x97"
                         "x"),
        std::string(replaced) + replaced + "x");
}

TEST(ValidUtf8, KeepsEverythingElse)
{
    for (auto const* text : { "", "a\x1b\n", "\xc3\xa4", "\xe2\x80\xae", "\xf0\x9f\x94\x91" })
        EXPECT_EQ(valid_utf8(text), text);
}

TEST(Printable, KeepsTextInEveryScript)
{
    for (auto const* text : { "plain", "\xc3\xa4", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x94\x91" })
        EXPECT_EQ(printable(text), text);
}

TEST(Printable, LeavesNothingThatActsOnATerminal)
{
    EXPECT_EQ(printable("a\x1b[2Jb\r\n\x7f"), "a [2Jb   ");
    EXPECT_EQ(printable("\xc2\x80\xc2\x9b\xc2\x9f"), "   ");  // CSI as one character is among them
}

TEST(Printable, ShowsThatTextWouldBeReordered)
{
    for (auto const* mark : { "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\x8b", "\xef\xbb\xbf", "\xf3\xa0\x81\x81" })
        EXPECT_EQ(printable(mark), replaced);
}

TEST(Printable, IsAlwaysUtf8)
{
    for (auto const* bytes : bad_bytes)
        EXPECT_TRUE(is_utf8(printable(bytes)));
}

TEST(Printable, IsCutWhereACharacterEnds)
{
    EXPECT_EQ(printable("abcdef", 3), "abc [...]");
    EXPECT_EQ(printable("abc", 3), "abc");
    EXPECT_EQ(printable("ab\xe6\x97\xa5", 5), "ab\xe6\x97\xa5");
    EXPECT_EQ(printable("ab\xe6\x97\xa5", 4), "ab [...]");
    EXPECT_EQ(printable("\xe6\x97\xa5", 0), " [...]");
    EXPECT_EQ(printable(std::string(5000, 'a'), uncut).size(), 5000U);
}

TEST(JsonQuoted, HasTheShortEscapesWhereThereIsOne)
{
    EXPECT_EQ(json_quoted("\"\\\b\f\n\r\t\x01\x1f/\x7f\xc3\xa9"),
        R"("\"\\\b\f\n\r\t\u0001\u001f/)"
        "\x7f\xc3\xa9\"");
}

}  // namespace
}  // namespace mpc
