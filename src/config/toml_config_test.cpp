// The cases of section C, by number.
#include "config/testing.h"

namespace mpc::config {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

constexpr std::string_view good_node = "home_dir = \"/data\"\n";

/// A good user_config with further lines in [launcher_config].
std::string with_launcher(std::string_view lines)
{
    return toml(good_node, "image_reference = \"nearone/mpc-node\"\nport_mappings = []\n" + std::string(lines));
}
std::string with_ports(std::string_view ports)
{
    return toml(good_node, "image_reference = \"nearone/mpc-node\"\nport_mappings = " + std::string(ports));
}
std::string with_image(std::string_view value)
{
    return toml(good_node, "image_reference = " + std::string(value) + "\nport_mappings = []");
}

// --- the whole ---

TEST(Toml, IsReadWithTheNodesTableUnchanged)  // C1
{
    auto const config = read_good(toml("home_dir = \"/data\"\nsome_opaque_field = true\n",
        "image_reference = \"nearone/mpc-node\"\nport_mappings = [{ host = 11780, container = 11780 }]\n"));
    EXPECT_EQ(config.image.repository(), "nearone/mpc-node");
    EXPECT_THAT(config.ports, ElementsAre(PortMapping { 11780, 11780 }));
    EXPECT_EQ(node_table_of(config), "home_dir = \"/data\"\nsome_opaque_field = true\n");
    EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(Toml, MayHaveNoPorts)  // C2
{
    auto const config = read_good(with_image("\"ghcr.io/nearone/mpc-node\""));
    EXPECT_EQ(config.image.registry(), "ghcr.io");
    EXPECT_THAT(config.ports, IsEmpty());
}

TEST(Toml, IsRefusedWithoutEachOfItsObligatoryKeys)  // C3
{
    auto const launcher = "[launcher_config]\nimage_reference = \"a/b\"\nport_mappings = []\n";
    EXPECT_THAT(message_of_bad(launcher), HasSubstr("mpc_node_config is missing"));
    EXPECT_THAT(message_of_bad("[mpc_node_config]\na = 1"), HasSubstr("launcher_config is missing"));
    EXPECT_THAT(message_of_bad(toml("", "port_mappings = []")), HasSubstr("image_reference is missing"));
    EXPECT_THAT(message_of_bad(toml("", "image_reference = \"a/b\"")), HasSubstr("port_mappings is missing"));
}

TEST(Toml, IsRefusedWhenATableIsNoTable)
{
    EXPECT_THAT(message_of_bad("launcher_config = 1\n[mpc_node_config]"),
        HasSubstr("launcher_config (line 1) must be a table"));
    EXPECT_THAT(message_of_bad("[[mpc_node_config]]\n[launcher_config]"),
        HasSubstr("mpc_node_config (line 1) must be a table"));
}

TEST(Toml, MayBeWrittenWithInlineTablesAndDottedKeys)
{
    auto const config = read_good("launcher_config = { image_reference = \"a/b\", port_mappings = [] }\n"
                                  "mpc_node_config = { home_dir = \"/data\", n = { x = 1 } }\n");
    EXPECT_EQ(node_table_of(config), "home_dir = \"/data\"\nn = { x = 1 }\n");
    EXPECT_TRUE(
        read("launcher_config.image_reference = 'a/b'\nlauncher_config.port_mappings = []\n[mpc_node_config]").ok());
}

TEST(Toml, IsRefusedWithAnUnknownKeyAndTheNearestKnownOneNamed)  // C7
{
    EXPECT_THAT(message_of_bad(with_launcher("mpc_hash_overide = \"x\"")),
        AllOf(HasSubstr("\"mpc_hash_overide\" (line 4)"), HasSubstr("\"mpc_hash_override\"")));
    EXPECT_THAT(message_of_bad(with_launcher("platform = \"NONTEE\"")), HasSubstr("\"platform\""));
}

TEST(Toml, IsRefusedWithAnUnknownTable)
{
    EXPECT_THAT(message_of_bad(with_launcher("") + "[launcher_confg]\nx = 1"),
        AllOf(HasSubstr("\"launcher_confg\""), HasSubstr("\"launcher_config\"")));
    EXPECT_THAT(message_of_bad("[tee]\nx = 1\n" + with_launcher("")), HasSubstr("\"tee\""));
}

TEST(Toml, NamesNoKeyThatMayBeAValue)
{
    EXPECT_THAT(message_of_bad(with_launcher("\"secret value\" = 1")),
        AllOf(HasSubstr("a key (line 4)"), Not(HasSubstr("secret"))));
}

TEST(Toml, IsRefusedWithThePlaceOfAMistakeAndNotItsText)  // C8
{
    auto const message = message_of_bad("[launcher_config]\nimage_reference = \"canary\nport_mappings = []");
    EXPECT_THAT(message, AllOf(HasSubstr("not valid TOML at line 2, column"), Not(HasSubstr("canary"))));
}

TEST(Toml, IsRefusedWhereTheLibraryWouldOnlyAssert)
{
    for (auto const* line :
        { "[@", "[[;", "[ =]", "a.\xc3\x84 = 1", "a\xd2\x99 = 1", "a = \xc3\x84", "a = 1 \xc2\xa1" })
        EXPECT_THAT(message_of_bad("[launcher_config]\n" + std::string(line)), HasSubstr("not valid TOML at line 2"))
            << line;
}

TEST(Toml, IsRefusedWithAKeyTwice)
{
    EXPECT_THAT(message_of_bad(with_launcher("port_mappings = []")), HasSubstr("not valid TOML at line 4"));
    EXPECT_THAT(message_of_bad(toml("a = 1\na = 2")), HasSubstr("not valid TOML"));
}

TEST(Toml, IsRefusedWhenItIsNestedTooDeeply)
{
    std::string dots = "a";
    for (int i = 0; i < 200000; ++i)
        dots += ".a";
    EXPECT_THAT(message_of_bad(toml(dots + " = 1")), HasSubstr("parts"));
    EXPECT_THAT(message_of_bad(toml("[mpc_node_config." + dots + "]")), HasSubstr("parts"));
    EXPECT_FALSE(read(toml("a = " + std::string(100000, '[') + std::string(100000, ']'))).ok());
    EXPECT_TRUE(read(toml("a = " + std::string(30, '[') + std::string(30, ']'))).ok());
}

TEST(Toml, IsRefusedWhenItsNodeTableCannotBePassedOnUnchanged)
{
    // Each key and each value is shallow enough, but written out the values are not.
    std::string text = "x = ";
    for (int i = 0; i < 20; ++i)
        text += "{ a.b.c.d = ";
    EXPECT_THAT(message_of_bad(toml(text + "1" + std::string(20, '}'))), HasSubstr("cannot be passed on unchanged"));
}

TEST(Toml, IsRefusedRatherThanPassedOnWithAKeyThatTheLibraryMangles)
{
    for (auto const* key : { "\"n\\nl\"", "\"t\\tb\"", "\"it's\"" })
        EXPECT_THAT(message_of_bad(toml(std::string(key) + " = 1")), HasSubstr("cannot be passed on unchanged")) << key;
    // Without its quotes this key would be another one, and a reserved one at that.
    EXPECT_THAT(message_of_bad(toml("\"'tee'\" = 1")), HasSubstr("cannot be passed on unchanged"));
    EXPECT_THAT(message_of_bad(toml("\"a\\nb\" = \"x\"\n[mpc_node_config.c]\nd = 1")), HasSubstr("unchanged"));
}

// --- [launcher_config] ---

TEST(TomlPullPolicy, HasThePeersDefaults)  // C5
{
    auto const config = read_good(with_launcher(""));
    EXPECT_EQ(config.pull.max_retries, 5U);
    EXPECT_EQ(config.pull.interval, std::chrono::seconds(2));
    EXPECT_EQ(config.pull.max_delay, std::chrono::seconds(60));
    EXPECT_EQ(config.override_digest, std::nullopt);
}

TEST(TomlPullPolicy, IsRead)
{
    auto const pull =
        read_good(with_launcher("pull_max_retries = 0\npull_retry_interval_secs = 3\npull_max_delay_secs = 4")).pull;
    EXPECT_EQ(pull.max_retries, 0U);
    EXPECT_EQ(pull.interval, std::chrono::seconds(3));
    EXPECT_EQ(pull.max_delay, std::chrono::seconds(4));
}

TEST(TomlPullPolicy, RefusesWhatIsNotAWholeNumberInItsBounds)  // C5
{
    for (auto const* value : { "-1", "1.0", "\"1\"", "true", "[1]", "99999999999999999999", "4294967296", "nan" })
        for (auto const* key : { "pull_max_retries", "pull_retry_interval_secs", "pull_max_delay_secs" })
            EXPECT_FALSE(read(with_launcher(std::string(key) + " = " + value)).ok()) << key << " = " << value;
    EXPECT_TRUE(read(with_launcher("pull_max_retries = 1000")).ok());
    EXPECT_THAT(message_of_bad(with_launcher("pull_max_retries = 1001")), HasSubstr("pull_max_retries (line 4)"));
    EXPECT_TRUE(read(with_launcher("pull_retry_interval_secs = 3600\npull_max_delay_secs = 3600")).ok());
    EXPECT_THAT(message_of_bad(with_launcher("pull_retry_interval_secs = 3601")),
        HasSubstr("pull_retry_interval_secs"));
    EXPECT_THAT(message_of_bad(with_launcher("pull_max_delay_secs = 3601")), HasSubstr("pull_max_delay_secs"));
}

TEST(TomlOverride, IsReadAsADigest)
{
    auto const config = read_good(with_launcher("mpc_hash_override = \"" + digest_text('c') + "\""));
    EXPECT_EQ(config.override_digest->text(), digest_text('c'));
}

TEST(TomlOverride, IsRefusedWhenItIsMalformed)  // C6
{
    for (auto const& value : { std::string("\"\""), std::string("\"sha256:xyz\""), std::string("1"),
             "\"" + std::string(64, 'a') + "\"", "\"" + digest_text('A') + "\"" })
        EXPECT_THAT(message_of_bad(with_launcher("mpc_hash_override = " + value)),
            HasSubstr("mpc_hash_override (line 4)"))
            << value;
}

TEST(TomlPorts, AreReadInOrder)  // C9
{
    auto const config = read_good(with_ports("[{ host = 80, container = 8080 }, { host = 1, container = 65535 }]"));
    EXPECT_THAT(config.ports, ElementsAre(PortMapping { 80, 8080 }, PortMapping { 1, 65535 }));
}

TEST(TomlPorts, MayBeAnArrayOfTables)
{
    auto const config = read_good(toml(good_node,
        "image_reference = \"a/b\"\n[[launcher_config.port_mappings]]\nhost = 1\ncontainer = 2\n"
        "[[launcher_config.port_mappings]]\nhost = 3\ncontainer = 4\n"));
    EXPECT_THAT(config.ports, ElementsAre(PortMapping { 1, 2 }, PortMapping { 3, 4 }));
}

TEST(TomlPorts, AreRefusedOutsideOfANonzeroU16)  // C10
{
    for (auto const* port : { "0", "65536", "-1", "\"80\"", "80.0", "true" }) {
        auto const bad = std::string(port);
        EXPECT_THAT(message_of_bad(with_ports("[{ host = 80, container = 80 }, { host = " + bad
                        + ", container = 81 }]")),
            AllOf(HasSubstr("entry 2: host"), HasSubstr("nonzero"), HasSubstr("u16")));
        EXPECT_THAT(message_of_bad(with_ports("[{ host = 80, container = " + bad + " }]")),
            HasSubstr("entry 1: container"));
    }
}

TEST(TomlPorts, AreRefusedWithAKeyMissingOrUnknown)
{
    EXPECT_THAT(message_of_bad(with_ports("[{ host = 80 }]")), HasSubstr("entry 1: container is missing"));
    EXPECT_THAT(message_of_bad(with_ports("[{ container = 80 }]")), HasSubstr("entry 1: host is missing"));
    EXPECT_THAT(message_of_bad(with_ports("[{ host = 80, container = 80, hots_ip = \"x\" }]")),
        AllOf(HasSubstr("\"hots_ip\""), HasSubstr("\"host\"")));
}

TEST(TomlPorts, AreRefusedWhenTheyAreNoListOfTables)
{
    for (auto const* ports : { "1", "\"80:80\"", "{ host = 80, container = 80 }", "[80]", "[\"80:80\"]", "[[80, 80]]" })
        EXPECT_THAT(message_of_bad(with_ports(ports)), HasSubstr("port_mappings")) << ports;
}

TEST(TomlPorts, AreRefusedWithAHostPortTwice)  // C11
{
    EXPECT_THAT(message_of_bad(with_ports("[{ host = 80, container = 80 }, { host = 81, container = 80 },"
                                          " { host = 80, container = 82 }]")),
        AllOf(HasSubstr("entry 3"), HasSubstr("as entry 1")));
    EXPECT_FALSE(read(with_ports("[{ host = 80, container = 80 }, { host = 80, container = 80 }]")).ok());
}

TEST(TomlPorts, AreRefusedBeyond1024)
{
    std::string list = "[";
    for (int port = 1; port <= 1024; ++port)
        list += "{ host = " + std::to_string(port) + ", container = 1 },";
    EXPECT_EQ(read_good(with_ports(list + "]")).ports.size(), 1024U);
    EXPECT_THAT(message_of_bad(with_ports(list + "{ host = 1025, container = 1 }]")), HasSubstr("1024"));
}

TEST(TomlImage, MayCarryATag)
{
    auto const config = read_good(with_image("\"ghcr.io/near/mpc-node:3.8.1\""));
    EXPECT_EQ(config.image.repository(), "ghcr.io/near/mpc-node");
    EXPECT_THAT(config.tags, ElementsAre("3.8.1"));
    EXPECT_THAT(read_good(with_image("\"a/b\"")).tags, ElementsAre("latest"));
}

TEST(TomlImage, IsRefusedWhenItIsNoReference)  // C13-C16, of which image/reference_test.cpp has all
{
    for (auto const* value :
        { "\"\"", "\"nearone/mpc-node; rm -rf /\"", "\"NearOne/mpc\"", "\"a@sha256:b\"", "\"-a\"", "1", "[]" })
        EXPECT_THAT(message_of_bad(with_image(value)), HasSubstr("launcher_config.image_reference (line 2)")) << value;
}

// --- [mpc_node_config] ---

TEST(TomlNodeTable, MustNotHaveTee)  // C20, C21
{
    for (auto const* tee : { "[mpc_node_config.tee]\ntype = \"Local\"", "tee = \"sneaky\"", "tee = {}", "tee = 0",
             "[[mpc_node_config.tee]]", "\"tee\" = 1", "'\x74\x65\x65' = 1", "tee.type = \"Local\"",
             "\"\\u0074ee\" = 1" })
        for (auto const platform : { Platform::Tee, Platform::NonTee }) {
            auto const error = read_bad(toml(tee), platform);
            EXPECT_THAT(error.message(), HasSubstr("mpc_node_config.tee")) << tee;
            EXPECT_THAT(error.remedy(), HasSubstr("Remove [tee]"));
        }
}

TEST(TomlNodeTable, MayHaveTeeFurtherDown) { EXPECT_TRUE(read(toml("[mpc_node_config.node]\ntee = 1")).ok()); }

TEST(TomlNodeTable, MustNotHaveGcpUnderTee)  // C22
{
    for (auto const* gcp : { "[mpc_node_config.gcp]\nkeyshare_secret_id = \"k\"\nproject_id = \"p\"", "gcp = 1" }) {
        EXPECT_THAT(message_of_bad(toml(gcp), Platform::Tee),
            AllOf(HasSubstr("mpc_node_config.gcp"), HasSubstr("not allowed in TEE mode")));
        EXPECT_THAT(node_table_of(read_good(toml(gcp), Platform::NonTee)), HasSubstr("gcp"));
    }
}

TEST(TomlSensitive, IsEveryTextAndNumberOfTheNode)
{
    auto const config =
        read_good(toml("a = \"text-one\"\nb = [\"text-two\", { c = \"text-three\" }]\nd = 1234567\ne = 12345\n"
                       "f = 12345.75\ng = \"short\"\n[mpc_node_config.h.i]\nj = 'text-four'\n"
                       "[[mpc_node_config.k]]\nl = \"\"\"\ntext-five\"\"\"\n"));
    auto const sensitive = sensitive_of(config);
    EXPECT_THAT(sensitive,
        IsSupersetOf({ "text-one", "text-two", "text-three", "text-four", "text-five", "1234567", "12345.75" }));
    EXPECT_THAT(sensitive, Not(Contains("12345")));
    EXPECT_THAT(sensitive, Not(Contains("short")));
}

TEST(TomlSensitive, IsTheImageAndTheOverride)
{
    auto const config = read_good(toml(good_node,
        "image_reference = \"reg.example.com:5000/own/node:release-7\"\nport_mappings = []\nmpc_hash_override = \""
            + digest_text('a') + "\""));
    EXPECT_THAT(sensitive_of(config),
        IsSupersetOf({ "reg.example.com:5000/own/node", "reg.example.com:5000", "own/node", "release-7",
            digest_text('a').c_str() }));
}

}  // namespace
}  // namespace mpc::config
