// What the node is given: cases C17-C25, H2, H4. toml++ reads here what the product has written.
#include "config/testing.h"
#include "config/toml.h"

namespace mpc::config {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view approved_file = "/mnt/shared/image-digest.bin";
constexpr std::string_view endpoint = "/var/run/dstack.sock";

image::ImageDigest digest() { return *image::ImageDigest::parse(digest_text('a')); }

std::string render(std::string_view node, Platform platform = Platform::Tee)
{
    auto const config = read_good(toml(node), platform);
    return render_node_config(std::get<NodeConfigFile>(config.node), platform, digest(), approved_file, endpoint);
}

toml::table parse(std::string_view text)
{
    auto result = toml::parse(text);
    EXPECT_TRUE(result) << text;
    return result ? std::move(result).table() : toml::table();
}

/// The node's table as the operator wrote it, and as the node finds it beside [tee].
void expect_kept(std::string_view node)
{
    auto const asked = parse(toml(node));
    auto given = parse(render(node));
    EXPECT_TRUE(given.contains("tee")) << node;
    given.erase("tee");
    EXPECT_TRUE(given == *asked["mpc_node_config"].as_table()) << node << "\nbecame\n" << given;
}

TEST(NodeConfig, HasTheTeeTableUnderTee)  // C17, C23, C24
{
    EXPECT_EQ(render("home_dir = \"/data\"\n"),
        "home_dir = \"/data\"\n"
        "\n"
        "[tee]\n"
        "image_hash = \""
            + digest_text('a')
            + "\"\n"
              "latest_allowed_hash_file_path = \"/mnt/shared/image-digest.bin\"\n"
              "\n"
              "[tee.authority]\n"
              "type = \"dstack\"\n"
              "dstack_endpoint = \"/var/run/dstack.sock\"\n");
}

TEST(NodeConfig, HasALocalAuthorityUnderNonTee)  // C23
{
    auto const given = parse(render("home_dir = \"/data\"\n", Platform::NonTee));
    EXPECT_EQ(*given["tee"]["authority"].as_table(), (toml::table { { "type", "local" } }));
    EXPECT_THAT(render("", Platform::NonTee), Not(HasSubstr("dstack")));
}

TEST(NodeConfig, OfAnEmptyTableHasTheTeeTableOnly)  // C18
{
    auto const given = parse(render(""));
    EXPECT_EQ(given.size(), 1U);
    EXPECT_EQ(given["tee"]["image_hash"].value<std::string>(), digest_text('a'));
}

TEST(NodeConfig, KeepsTheTeeTableApartFromATableBeforeIt)
{
    auto const given = parse(render("[mpc_node_config.node]\nx = 1\n[[mpc_node_config.list]]\ny = 2\n"));
    EXPECT_EQ(given["tee"]["authority"]["type"].value<std::string>(), "dstack");
    EXPECT_EQ(given["list"].as_array()->size(), 1U);
}

class KeptNodeTable : public ::testing::TestWithParam<char const*> {};

TEST_P(KeptNodeTable, IsTheSameForTheNode)  // C4, C19, C25
{
    expect_kept(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Kinds, KeptNodeTable,
    ::testing::Values(
        "a = 1\nb = -9223372036854775808\nc = 9223372036854775807\nd = 0xff\ne = 0o17\nf = 0b101\ng = 1_000",
        "a = 0.1\nb = 1e100\nc = -0.0\nd = inf\ne = -inf\nf = nan\ng = 1.7976931348623157e308\nh = 5e-324\ni = 3.0",
        "a = true\nb = false",
        "a = 1979-05-27T07:32:00Z\nb = 1979-05-27T00:32:00.999999-07:30\nc = 1979-05-27T07:32:00\nd = 1979-05-27\n"
        "e = 07:32:00\nf = 00:32:00.5",
        "a = \"q\\\"b\\\\s\\n\\t\\r\\b\\f\\u0001\\u007f\"\nb = 'C:\\x'\nc = \"\"\"\nlines\nof \"text\"\n\"\"\"\n"
        "d = '''\nraw\\n'''",
        "a = \"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\x85 \xe2\x80\xa8\"\n\"k\xc3\xa4y\" = 1",
        "a = \"\"\"\\\n  \xc3\x84\xd2\x99\\\n\n \xe3\x80\x81\"\"\" # \xc3\x84",
        "\"\" = 1\n\"a.b\" = 2\n\"a b\" = 3\n'q\"q' = 4\n\"e\\u0001\" = 5\n1 = 6\na-b_c = 7",
        "a = []\nb = [1, 2]\nc = [1, \"two\", 3.0, [true, []], { x = 1 }]\nd = [[1], [2, [3]]]\ne = {}",
        "a = { b = { c = 1 }, d = [ { e = 1 }, {} ] }\nf.g.h = 1\nf.g.i = 2",
        "[mpc_node_config.a]\n[mpc_node_config.b.c]\nx = 1\n[mpc_node_config.b]\ny = 2\n[mpc_node_config.\"d.e\".f]\n"
        "z = 3",
        "[[mpc_node_config.a]]\n[[mpc_node_config.a]]\nx = 1\n[mpc_node_config.a.b]\ny = 2\n[[mpc_node_config.a.c]]\n"
        "z = 3\n[[mpc_node_config.a.c]]\n[[mpc_node_config.a]]\nx = 4",
        "[mpc_node_config.node.tee]\nx = 1\n[mpc_node_config.authority]\ny = 2",
        "a = \"[tee]\\nimage_hash = 'x'\"\nb = '''\n[tee]\nimage_hash = 'x'\n'''"));

TEST(NodeConfig, KeepsALongListThatIsWrittenOverSeveralLines)
{
    std::string list;
    for (int i = 0; i < 100; ++i)
        list += "\"ed25519:" + std::to_string(i) + "@192.0.2.1:24567\",";
    expect_kept("a = [" + list + "]\nb = { c = [" + list + "] }");
}

TEST(NodeConfig, EscapesThePathsThatItIsGiven)
{
    auto const text =
        render_node_config(NodeConfigFile {}, Platform::Tee, digest(), "/a \"b\"\\c\n[x]\x7f", "/s\"\\\x01");
    auto const given = parse(text);
    EXPECT_EQ(given["tee"]["latest_allowed_hash_file_path"].value<std::string>(), "/a \"b\"\\c\n[x]\x7f");
    EXPECT_EQ(given["tee"]["authority"]["dstack_endpoint"].value<std::string>(), "/s\"\\\x01");
    EXPECT_EQ(given.size(), 1U);
}

TEST(NodeConfig, IsTheSameEachTime)
{
    auto const node = "z = 1\na = { y = 1, b = 2 }\n[mpc_node_config.m]\nq = 1\n";
    EXPECT_EQ(render(node), render(node));
    EXPECT_EQ(render("a = 1\nb = 2"), render("b = 2\na = 1"));
}

std::vector<std::string> written(std::vector<EnvironmentVariable> const& variables)
{
    std::vector<std::string> lines;
    for (auto const& variable : variables)
        lines.push_back(variable.name + "=" + variable.value.reveal());
    return lines;
}

NodeEnvironment environment(std::initializer_list<std::pair<char const*, char const*>> variables)
{
    NodeEnvironment result;
    for (auto const& [name, value] : variables)
        result.variables.push_back({ name, Secret(value) });
    return result;
}

TEST(NodeEnvironmentOfTee, HasTheLaunchersVariablesSortedAmongItsOwn)  // H2, H4
{
    auto const own = environment({ { "MPC_ENV", "testnet" }, { "RUST_LOG", "info" } });
    auto const bare = std::string(64, 'a');
    EXPECT_THAT(written(node_environment(own, Platform::Tee, digest(), approved_file, endpoint)),
        ElementsAre("DSTACK_ENDPOINT=/var/run/dstack.sock", "IMAGE_HASH=" + bare,
            "LATEST_ALLOWED_HASH_FILE=/mnt/shared/image-digest.bin", "MPC_ENV=testnet", "MPC_IMAGE_HASH=" + bare,
            "MPC_LATEST_ALLOWED_HASH_FILE=/mnt/shared/image-digest.bin", "RUST_LOG=info"));
}

TEST(NodeEnvironmentOfNonTee, HasNoDstackEndpoint)  // H4
{
    auto const lines = written(node_environment({}, Platform::NonTee, digest(), approved_file, endpoint));
    EXPECT_EQ(lines.size(), 4U);
    EXPECT_THAT(lines, Not(::testing::Contains(HasSubstr("dstack"))));
}

TEST(NodeEnvironmentOfTee, NeverTakesTheLaunchersVariablesFromTheUser)  // B39
{
    auto const forged = environment({ { "MPC_IMAGE_HASH", "x" }, { "IMAGE_HASH", "x" },
        { "MPC_LATEST_ALLOWED_HASH_FILE", "x" }, { "LATEST_ALLOWED_HASH_FILE", "x" }, { "DSTACK_ENDPOINT", "x" } });
    for (auto const platform : { Platform::Tee, Platform::NonTee })
        EXPECT_EQ(written(node_environment(forged, platform, digest(), approved_file, endpoint)),
            written(node_environment({}, platform, digest(), approved_file, endpoint)));
}

}  // namespace
}  // namespace mpc::config
