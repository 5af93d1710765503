#include "config/toml_values.h"

#include <gtest/gtest.h>

namespace mpc::config {
namespace {

std::string written(std::string_view toml) { return json::write(read_toml_values(toml).value()); }

TEST(TomlValues, AreThoseOfJson)
{
    EXPECT_EQ(written("a = 1\nb = -2\nc = \"x\"\nd = true\ne = [1, [2]]\n[t]\nf = 1.5\n[[l]]\ng = 1\n[[l]]\ng = 2\n"),
        R"({"a":1,"b":-2,"c":"x","d":true,"e":[1,[2]],"l":[{"g":1},{"g":2}],"t":{"f":1.5}})");
    EXPECT_EQ(written(""), "{}");
}

TEST(TomlValues, RefusesDatesWithTheirPlace)
{
    auto const refused = read_toml_values("a = 1\nb = 2026-11-22\n");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message(), "line 2, column 5: a date or a time is not expected here");
    EXPECT_FALSE(read_toml_values("[t]\na = [07:32:00]").ok());
}

TEST(TomlValues, RefusesWhatIsNotTomlWithoutQuotingIt)
{
    auto const refused = read_toml_values("a = 1\nsecret == 2\n");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message(), "line 2, column 9: not valid TOML");
    EXPECT_FALSE(refused.error().remedy().empty());
    EXPECT_FALSE(read_toml_values("a = 1\na = 2").ok());
}

TEST(TomlValues, AreBoundedInSizeAndDepth)
{
    EXPECT_FALSE(read_toml_values("a = \"" + std::string((1 << 20) + 1, 'x') + "\"").ok());
    EXPECT_FALSE(read_toml_values("a = " + std::string(100, '[') + std::string(100, ']')).ok());
    std::string key = "a";
    for (int i = 0; i < 100; ++i)
        key += ".a";
    EXPECT_FALSE(read_toml_values(key + " = 1").ok());
}

}  // namespace
}  // namespace mpc::config
