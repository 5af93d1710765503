#include "config/toml_depth.h"

#include <string>

#include <gtest/gtest.h>

namespace mpc::config {
namespace {

std::string key_of(std::size_t parts, std::string_view part = "a")
{
    std::string key(part);
    for (std::size_t i = 1; i < parts; ++i)
        key += "." + std::string(part);
    return key;
}

bool is_accepted(std::string_view content) { return check_key_parts(content).ok(); }

TEST(KeyParts, AreBoundedInAKey)
{
    EXPECT_TRUE(is_accepted(key_of(32) + " = 1"));
    EXPECT_FALSE(is_accepted(key_of(33) + " = 1"));
}

TEST(KeyParts, AreBoundedInAHeader)
{
    EXPECT_TRUE(is_accepted("[" + key_of(32) + "]"));
    EXPECT_FALSE(is_accepted("[" + key_of(33) + "]"));
    EXPECT_FALSE(is_accepted("[[" + key_of(33) + "]]"));
}

TEST(KeyParts, AreBoundedInAnInlineTable) { EXPECT_FALSE(is_accepted("a = { b = 1, " + key_of(33) + " = 2 }")); }

TEST(KeyParts, AreCountedWhenTheyAreQuotedAndSpaced)
{
    EXPECT_FALSE(is_accepted(key_of(33, " \"a.b\" ") + "= 1"));
    EXPECT_TRUE(is_accepted(key_of(32, "'a.b'") + "= 1"));
    EXPECT_FALSE(is_accepted(key_of(33, "''") + "= 1"));
}

TEST(KeyParts, AreNotDotsInTextOrComments)
{
    auto const dots = std::string(100, '.');
    for (auto const& text : { "a = \"" + dots + "\"", "a = '" + dots + "'", "a = \"\\\"" + dots + "\"", "# " + dots,
             "a = \"\"\"\n" + dots + "\\\"\"\"" + dots + "\"\"\"", "a = '''\n" + dots + "''" + dots + "'''",
             "a = \"\"\"" + dots + "\"\"\"\"\"", "a = \"\" # " + dots })
        EXPECT_TRUE(is_accepted(text)) << text;
}

TEST(KeyParts, AreCountedAgainAfterEveryKindOfText)
{
    auto const key = "\n" + key_of(33) + " = 1";
    for (auto const* text : { "a = \"x\"", "a = ''", "a = 'x\\'", "a = \"\\\\\"", "a = \"\"\"x\"\"\"",
             "a = \"\"\"\"\"\"", "a = \"\"\"x\"\"\"\"\"", "a = '''x\\'''", "# \"", "a = \"\"", "a = \"unfinished" })
        EXPECT_FALSE(is_accepted(text + key)) << text;
}

TEST(KeyParts, AreCountedOnTheSameLineAfterATextThatEndsWithAQuote)
{
    for (auto const* text : { "\"\"\"x\"\"\"\"", "\"\"\"x\"\"\"\"\"", "'''x''''" })
        EXPECT_FALSE(is_accepted("a = [" + std::string(text) + ", { " + key_of(33) + " = 1 }]")) << text;
}

TEST(KeyParts, AreCountedForEachKeyAlone)
{
    std::string content;
    for (int i = 0; i < 100; ++i)
        content += "a.b" + std::to_string(i) + " = 1.5\n";
    EXPECT_TRUE(is_accepted(content));
    EXPECT_TRUE(is_accepted("a = [1.5, 2.5, " + key_of(1) + "]"));
}

TEST(KeyParts, TellTheLine)
{
    auto const result = check_key_parts("a = '''\n\n'''\n" + key_of(33) + " = 1");
    EXPECT_NE(result.error().message().find("line 4"), std::string::npos);
}

TEST(KeyParts, AreCountedInOnePassOverTheText)
{
    EXPECT_TRUE(is_accepted(std::string(1000000, '"')));  // would take hours in quadratic time
    EXPECT_TRUE(is_accepted(std::string(1000000, '\'')));
}

TEST(KeyParts, EndWithTheTextWhereverItIsCut)
{
    for (auto const* text : { "\"", "\"\"\"", "\"\\", "'", "'''", "\"\"\"\\", "\"\"\"a\"\"", "#", "." })
        EXPECT_TRUE(is_accepted(text)) << text;
}

}  // namespace
}  // namespace mpc::config
