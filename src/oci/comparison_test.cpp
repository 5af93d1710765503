// How two images differ, and what of it matters.
#include "oci/comparison.h"

#include <algorithm>

#include "support/layers.h"

namespace mpc::oci {
namespace {

Inventory with(std::vector<test::Part> const& parts, std::string const& config = "{}")
{
    auto inventory = test::inventory_of({ parts }).value();
    inventory.config = json::read_object(config).value();
    return inventory;
}

TEST(Comparison, TellsWhatMatters)
{
    EXPECT_EQ(compare(with({ { "a" } }), with({ { "a" } })).likeness, Likeness::Equal);
    EXPECT_EQ(compare(with({ { "a" } }), with({ { "b" } })).likeness, Likeness::Different);
    EXPECT_EQ(compare(with({ { "a" }, { "b" } }), with({ { "b" }, { "a" } })).likeness, Likeness::SameContent);
}

TEST(Comparison, TimesAndHistoryOfAConfigDoNotMatterAndTheRestDoes)
{
    auto const base = with({}, R"({"created":"1","history":[],"config":{"Env":["A=1"],"User":""}})");
    auto const later = with({}, R"({"created":"2","history":[1],"config":{"Env":["A=1"],"User":""}})");
    EXPECT_EQ(compare(base, later).likeness, Likeness::SameContent);
    auto const other = compare(base, with({}, R"({"created":"1","history":[],"config":{"Env":["A=1"],"User":"5"}})"));
    EXPECT_EQ(other.likeness, Likeness::Different);
    ASSERT_EQ(other.differences.size(), 1);
    EXPECT_EQ(other.differences.front().where, "config: config.User");
}

TEST(Comparison, EachPropertyOfAFileIsHeld)
{
    auto const a = with({ { "f", TarType::File, "abc" } });
    auto const differing = [&](auto const& change) {
        auto b = a;
        change(b.files.at("f"));
        return compare(a, b).likeness;
    };
    EXPECT_EQ(differing([](FileInventory& file) { file.content[0] ^= 1; }), Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.mode = 0600; }), Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.uid = 1; }), Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.gid = 1; }), Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.xattrs["security.capability"] = "x"; }),
        Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.type = TarType::Directory; }), Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.target = "x"; }), Likeness::Different);
    EXPECT_EQ(differing([](FileInventory& file) { file.entry.mtime = 1; }), Likeness::SameContent);
}

/// The image with one manifest, whatever its layers are.
Inventory described(std::string const& manifest)
{
    auto inventory = with({ { "a" } });
    inventory.manifest = image::ManifestDigest(sha256({ as_bytes(manifest) }));
    inventory.manifest_members = json::read_object(manifest).value();
    return inventory;
}

/// Each difference as "! where: what".
std::vector<std::string> told(Inventory const& a, Inventory const& b)
{
    std::vector<std::string> all;
    for (auto const& one : compare(a, b).differences)
        all.push_back((one.matters ? "! " : "~ ") + one.where + ": " + one.what);
    return all;
}

bool mentions(std::vector<std::string> const& all, std::string const& text)
{
    return std::ranges::any_of(all, [&](auto const& one) { return one.find(text) != std::string::npos; });
}

TEST(Comparison, WhatMattersMostComesFirst)
{
    auto const a = with({ { "a" }, { "b" }, { "z", TarType::File, "1" } }, R"({"config":{"User":"1"},"history":[1]})");
    auto b = with({ { "a" }, { "b" }, { "z", TarType::File, "2" } }, R"({"config":{"User":"2"},"history":[2]})");
    b.files.at("a").entry.mtime = 1;
    b.files.at("b").entry.mode = 0600;
    std::vector<Subject> subjects;
    for (auto const& one : compare(a, b).differences)
        subjects.push_back(one.subject);
    EXPECT_EQ(subjects,
        std::vector({ Subject::Config, Subject::Content, Subject::Properties, Subject::Image, Subject::Image,
            Subject::Time }));
}

TEST(Comparison, WhichNameOfAFileIsTheLinkDoesNotMatterAndWhetherTheyAreOneFileDoes)
{
    auto const one = with({ { "a", TarType::File, "x" }, { "b", TarType::HardLink, "a" } });
    auto const other = with({ { "b", TarType::File, "x" }, { "a", TarType::HardLink, "b" } });
    EXPECT_EQ(compare(one, other).likeness, Likeness::SameContent);
    EXPECT_TRUE(mentions(told(one, other), "other entries to the same effect"));
    auto const two = with({ { "a", TarType::File, "x" }, { "b", TarType::File, "x" } });
    EXPECT_TRUE(mentions(told(one, two), "! /b: is one file with: /a | none"));
}

TEST(Comparison, ADirectoryThatIsImpliedIsOneOfTheDefaultModeAndOwner)
{
    auto const implied = with({ { "d/f" } });
    auto const said = with({ { "d", TarType::Directory, "", 0755 }, { "d/f" } });
    EXPECT_EQ(compare(implied, said).likeness, Likeness::SameContent);
    EXPECT_TRUE(mentions(told(implied, said), "~ /d: only implied in A"));
    EXPECT_EQ(compare(implied, with({ { "d", TarType::Directory, "", 0700 }, { "d/f" } })).likeness,
        Likeness::Different);
}

TEST(Comparison, AnEmptyMemberOfAConfigIsOneThatIsNotThere)
{
    auto const absent = with({}, R"({"config":{"Labels":{"a":"b"}}})");
    for (auto const* const empty : { "null", "[]", "{}", "\"\"", "false" })
        EXPECT_EQ(
            compare(absent, with({}, std::string(R"({"config":{"Labels":{"a":"b"},"Cmd":)") + empty + "}}")).likeness,
            Likeness::SameContent)
            << empty;
    EXPECT_EQ(compare(absent, with({}, R"({"config":{"Labels":{"a":"b"},"Cmd":[""]}})")).likeness, Likeness::Different);
    EXPECT_EQ(compare(absent, with({}, R"({"config":{"Labels":{"a":"b","c":""}}})")).likeness, Likeness::Different);
}

TEST(Comparison, WhatAConfigSaysOfHowItWasBuiltDoesNotMatter)
{
    auto const plain = with({}, R"({"config":{},"os":"linux"})");
    auto const built =
        with({}, R"({"config":{"Image":"sha256:1"},"os":"linux","container":"c","container_config":{"a":1},
        "docker_version":"1","moby.buildkit.cache.v0":"x"})");
    EXPECT_EQ(compare(plain, built).likeness, Likeness::SameContent);
    EXPECT_EQ(compare(plain, with({}, R"({"config":{},"os":"plan9"})")).likeness, Likeness::Different);
}

TEST(Comparison, ASymbolicLinksModeDoesNotMatter)
{
    auto const a = with({ { "s", TarType::SymbolicLink, "x", 0777 } });
    EXPECT_EQ(compare(a, with({ { "s", TarType::SymbolicLink, "x", 0755 } })).likeness, Likeness::SameContent);
}

TEST(Comparison, NamesWhatIsOtherInAManifest)
{
    auto const base = described(R"({"annotations":{"x":"1"},"config":{"digest":"c"},"layers":[{"mediaType":"t"}]})");
    auto const other = described(R"({"annotations":{"x":"2"},"config":{"digest":"c"},"layers":[{"mediaType":"u"}]})");
    auto const all = told(base, other);
    EXPECT_TRUE(mentions(all, R"(~ manifest: annotations.x: "1" | "2")"));
    EXPECT_TRUE(mentions(all, R"(~ manifest: layer 1: mediaType: "t" | "u")"));
    EXPECT_TRUE(mentions(all, "~ manifest: digest: sha256:"));
    EXPECT_EQ(all.size(), 3);
    auto const again = described(R"({ "annotations":{"x":"1"},"config":{"digest":"c"},"layers":[{"mediaType":"t"}]})");
    EXPECT_TRUE(mentions(told(base, again), "manifest: the same JSON, written otherwise"));
}

TEST(Comparison, SaysWhetherOnlyTheOrderOrTheFormOfAnArchiveIsAnother)
{
    auto const a = with({ { "a" }, { "b" } });
    EXPECT_TRUE(mentions(told(a, with({ { "b" }, { "a" } })), "layer 1: the same entries in another order"));
    auto b = a;
    b.layers[0].diff_id = DiffId(Sha256 {});
    EXPECT_TRUE(mentions(told(a, b), "layer 1: the same entries, written otherwise"));
    b.layers[0].forms = "GNU";
    EXPECT_TRUE(mentions(told(a, b), "headers of another form: ustar | GNU"));
}

}  // namespace
}  // namespace mpc::oci
