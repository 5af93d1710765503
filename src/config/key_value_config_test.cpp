// The cases of section B but for the variables of the node, by number.
#include "config/testing.h"

namespace mpc::config {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::map<std::string, std::string> variables_in(std::string_view content) { return variables_of(read_good(content)); }
std::vector<PortMapping> ports_in(std::string_view ports)
{
    return read_good("MPC_ENV=testnet\nPORTS=" + std::string(ports)).ports;
}

// --- lines ---

TEST(KeyValueLines, AreTrimmedAndCommentsAndBlankLinesSkipped)  // B2, B4
{
    EXPECT_THAT(variables_in("# a comment\nMPC_A=value1\n  MPC_B = value2 \n\r\n\t\nINVALIDLINE\nMPC_EMPTY="),
        UnorderedElementsAre(Pair("MPC_A", "value1"), Pair("MPC_B", "value2"), Pair("MPC_EMPTY", "")));
}

TEST(KeyValueLines, MayBeIndented)  // B3
{
    EXPECT_THAT(variables_in("    MPC_ACCOUNT_ID=account123\n    # comment\n    MPC_LOCAL_ADDRESS=127.0.0.1\n    "
                             "MPC_ENV=testnet\n"),
        UnorderedElementsAre(Pair("MPC_ACCOUNT_ID", "account123"), Pair("MPC_LOCAL_ADDRESS", "127.0.0.1"),
            Pair("MPC_ENV", "testnet")));
}

TEST(KeyValueLines, WithoutAKeyAreIgnoredWithTheirNumbers)  // B5
{
    auto const config = read_good("MPC_A=1\nbad_line_without_equal\n=\n = x\nMPC_B=2");
    EXPECT_THAT(variables_of(config), UnorderedElementsAre(Pair("MPC_A", "1"), Pair("MPC_B", "2")));
    EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("line 2"), HasSubstr("line 3"), HasSubstr("line 4")));
}

TEST(KeyValueLines, AreRefusedWhenNoneHasAKey)
{
    EXPECT_THAT(message_of_bad("just some text\n=\n"), HasSubstr("no KEY=VALUE line"));
}

TEST(KeyValueLines, OfOneKeyTheLastWinsWithAWarning)  // B6
{
    auto const config = read_good("MPC_A=first-value\nMPC_B=x\nMPC_A=last-value");
    EXPECT_EQ(variables_of(config).at("MPC_A"), "last-value");
    EXPECT_THAT(config.warnings, ElementsAre(AllOf(HasSubstr("MPC_A"), HasSubstr("line 3"))));
    EXPECT_THAT(sensitive_of(config), IsSupersetOf({ "first-value", "last-value" }));
}

TEST(KeyValueLines, AreSplitAtTheFirstEqualsAndNotUnquoted)  // B7
{
    EXPECT_THAT(variables_in("MPC_A=b=c\nMPC_B=\"quoted\" # no comment\nMPC_C=$HOME\nexport MPC_D=1"),
        UnorderedElementsAre(Pair("MPC_A", "b=c"), Pair("MPC_B", "\"quoted\" # no comment"), Pair("MPC_C", "$HOME")));
}

TEST(KeyValueLines, AreRefusedWhenTheyTurnIntoToml)
{
    for (auto const* line :
        { "[launcher_config]", "[mpc_node_config.node]", "launcher_config = {}", "mpc_node_config.a = 1" })
        EXPECT_THAT(message_of_bad("title = \"x\"\n" + std::string(line) + "\n"), HasSubstr("line 2 is TOML")) << line;
}

TEST(KeyValueLines, AreWarnedOfAHundredTimesAtMost)
{
    std::string content = "MPC_A=1\n";
    for (int i = 0; i < 1000; ++i)
        content += "x\n";
    auto const config = read_good(content);
    EXPECT_EQ(config.warnings.size(), 101U);
    EXPECT_THAT(config.warnings.back(), HasSubstr("left out"));
}

// --- image ---

TEST(KeyValueImage, IsTheNetworksOwnByDefault)  // B9
{
    auto const config = read_good("MPC_ENV=testnet");
    EXPECT_EQ(config.image.repository(), "nearone/mpc-node");
    EXPECT_THAT(config.tags, ElementsAre("latest"));
    EXPECT_EQ(config.override_digest, std::nullopt);
}

TEST(KeyValueImage, IsReadUnderTheLaterNames)  // B9
{
    auto const config = read_good("MPC_IMAGE_NAME=near/node\nMPC_IMAGE_TAGS= a, ,b,a,\nMPC_REGISTRY=ghcr.io");
    EXPECT_EQ(config.image.repository(), "ghcr.io/near/node");
    EXPECT_THAT(config.tags, ElementsAre("a", "b"));
}

TEST(KeyValueImage, IsReadUnderTheEarlierNames)
{
    auto const config =
        read_good("LAUNCHER_IMAGE_NAME=near/node\nLAUNCHER_IMAGE_TAGS=a,b\nLAUNCHER_REGISTRY=127.0.0.1:5000\n"
                  "ENV_VAR_MPC_HASH_OVERRIDE="
            + digest_text('a'));
    EXPECT_EQ(config.image.repository(), "127.0.0.1:5000/near/node");
    EXPECT_THAT(config.tags, ElementsAre("a", "b"));
    EXPECT_EQ(config.override_digest->text(), digest_text('a'));
}

TEST(KeyValueImage, IsRefusedWhenBothNamesAreGivenAndDiffer)
{
    struct Pair_ {
        std::string later, earlier, a, b;
    };
    for (auto const& [later, earlier, a, b] : { Pair_ { "MPC_IMAGE_NAME", "LAUNCHER_IMAGE_NAME", "x/a", "x/b" },
             Pair_ { "MPC_IMAGE_TAGS", "LAUNCHER_IMAGE_TAGS", "a", "b" },
             Pair_ { "MPC_REGISTRY", "LAUNCHER_REGISTRY", "a.io", "b.io" },
             Pair_ { "MPC_HASH_OVERRIDE", "ENV_VAR_MPC_HASH_OVERRIDE", digest_text('a'), digest_text('b') },
             Pair_ { "RPC_REQUEST_TIMEOUT_SECS", "RPC_REQUST_TIMEOUT_SECS", "1", "2" },
             Pair_ { "RPC_REQUEST_INTERVAL_SECS", "RPC_REQUST_INTERVAL_SECS", "1", "2" } }) {
        auto const both = [&](std::string const& x, std::string const& y) {
            return later + "=" + x + "\n" + earlier + "=" + y;
        };
        EXPECT_THAT(message_of_bad(both(a, b)), AllOf(HasSubstr(later), HasSubstr(earlier)));
        EXPECT_TRUE(read(both(a, a)).ok()) << later;
    }
}

TEST(KeyValueImage, IsOnDockerHubUnderEachOfItsNames)
{
    for (auto const* hub : { "registry.hub.docker.com", "docker.io", "index.docker.io", "registry-1.docker.io" })
        EXPECT_EQ(read_good("MPC_REGISTRY=" + std::string(hub)).image.repository(), "nearone/mpc-node") << hub;
}

TEST(KeyValueImage, IsRefusedWithARegistryThatIsNotAHost)
{
    for (auto const* registry : { "", "registry", "https://ghcr.io", "ghcr.io/near", "ghcr.io:99999", "ghcr.io ",
             "a b.io", "ghcr.io@x", "-a.io" }) {
        auto const result = read("MPC_REGISTRY=" + std::string(registry) + "\n");
        EXPECT_EQ(result.ok(), std::string_view(registry) == "ghcr.io ") << registry;
    }
    EXPECT_THAT(message_of_bad("LAUNCHER_REGISTRY=registry"), HasSubstr("LAUNCHER_REGISTRY"));
}

TEST(KeyValueImage, IsRefusedWithANameThatIsNotARepository)
{
    for (auto const* name :
        { "", "NearOne/mpc", "nearone/mpc-node:3.8.1", "nearone/mpc-node@sha256:aa", "a b", "--rm" })
        EXPECT_THAT(message_of_bad("MPC_IMAGE_NAME=" + std::string(name)), HasSubstr("MPC_IMAGE_NAME")) << name;
}

TEST(KeyValueImage, IsRefusedWithoutATag)  // B9
{
    EXPECT_THAT(message_of_bad("MPC_IMAGE_TAGS=, ,"), HasSubstr("MPC_IMAGE_TAGS"));
    EXPECT_THAT(message_of_bad("MPC_IMAGE_TAGS="), HasSubstr("MPC_IMAGE_TAGS"));
}

TEST(KeyValueImage, IsRefusedWithAMalformedTag)
{
    EXPECT_THAT(message_of_bad("MPC_IMAGE_TAGS=good,-bad"), HasSubstr("MPC_IMAGE_TAGS: entry 2"));
    EXPECT_THAT(message_of_bad("LAUNCHER_IMAGE_TAGS=a b"), HasSubstr("LAUNCHER_IMAGE_TAGS: entry 1"));
}

TEST(KeyValueImage, IsRefusedWithMoreThan64Tags)
{
    std::string tags = "t0";
    for (int i = 1; i < 64; ++i)
        tags += ",t" + std::to_string(i);
    EXPECT_EQ(read_good("MPC_IMAGE_TAGS=" + tags + ",t0").tags.size(), 64U);
    EXPECT_THAT(message_of_bad("MPC_IMAGE_TAGS=" + tags + ",t64"), HasSubstr("64"));
}

TEST(KeyValueOverride, IsReadAsADigest)
{
    EXPECT_EQ(read_good("MPC_HASH_OVERRIDE=" + digest_text('b')).override_digest->text(), digest_text('b'));
}

TEST(KeyValueOverride, IsNoneWhenItIsEmpty)  // E6
{
    EXPECT_EQ(read_good("MPC_HASH_OVERRIDE=").override_digest, std::nullopt);
}

TEST(KeyValueOverride, IsRefusedWhenItIsMalformed)  // E6
{
    for (auto const& text :
        { std::string("sha256:xyz"), std::string(64, 'a'), digest_text('A'), digest_text('a') + "0" })
        EXPECT_THAT(message_of_bad("MPC_HASH_OVERRIDE=" + text), HasSubstr("MPC_HASH_OVERRIDE")) << text;
}

// --- RPC_* ---

TEST(KeyValuePullPolicy, HasTheDefaultsOfItsTime)  // B8
{
    auto const pull = read_good("MPC_ENV=testnet").pull;
    EXPECT_EQ(pull.max_retries, 19U);
    EXPECT_EQ(pull.interval, std::chrono::seconds(1));
    EXPECT_EQ(pull.max_delay, std::chrono::seconds(60));
    EXPECT_EQ(pull.request_timeout, std::chrono::seconds(10));
}

TEST(KeyValuePullPolicy, IsReadFromTheRpcSettings)
{
    auto const pull = read_good("RPC_MAX_ATTEMPTS=3\nRPC_REQUEST_INTERVAL_SECS=0.25\nRPC_REQUEST_TIMEOUT_SECS=7").pull;
    EXPECT_EQ(pull.max_retries, 2U);
    EXPECT_EQ(pull.interval, std::chrono::milliseconds(250));
    EXPECT_EQ(pull.request_timeout, std::chrono::seconds(7));
}

TEST(KeyValuePullPolicy, IsReadUnderTheEarlyMisspelling)
{
    auto const pull = read_good("RPC_REQUST_INTERVAL_SECS=2\nRPC_REQUST_TIMEOUT_SECS=1.5").pull;
    EXPECT_EQ(pull.interval, std::chrono::seconds(2));
    EXPECT_EQ(pull.request_timeout, std::chrono::milliseconds(1500));
}

TEST(KeyValuePullPolicy, NeverHasALongestDelayBelowItsInterval)
{
    auto const pull = read_good("RPC_REQUEST_INTERVAL_SECS=120").pull;
    EXPECT_EQ(pull.max_delay, pull.interval);
}

TEST(KeyValuePullPolicy, RefusesAttemptsThatAreNotAWholeNumberFrom1To1000)  // B8
{
    EXPECT_EQ(read_good("RPC_MAX_ATTEMPTS=1").pull.max_retries, 0U);
    EXPECT_EQ(read_good("RPC_MAX_ATTEMPTS=1000").pull.max_retries, 999U);
    for (auto const* text : { "", "0", "1001", "-1", "+1", "1.0", "1e2", "ten", "99999999999999999999", "1 2", "0x10" })
        EXPECT_THAT(message_of_bad("RPC_MAX_ATTEMPTS=" + std::string(text)), HasSubstr("RPC_MAX_ATTEMPTS")) << text;
}

TEST(KeyValuePullPolicy, RefusesSecondsThatAreNotANumberFrom0To3600)  // B8
{
    for (auto const* key : { "RPC_REQUEST_INTERVAL_SECS", "RPC_REQUEST_TIMEOUT_SECS" }) {
        EXPECT_TRUE(read(std::string(key) + "=3600").ok());
        for (auto const* text :
            { "", "-1", "-0.5", "3600.1", "nan", "inf", "-inf", "1e400", "ten", "1s", "1,5", "0x1", "1 2" })
            EXPECT_THAT(message_of_bad(std::string(key) + "=" + text), HasSubstr(key)) << text;
    }
}

TEST(KeyValuePullPolicy, RefusesATimeoutOfZeroButNotAnIntervalOfZero)
{
    EXPECT_TRUE(read("RPC_REQUEST_INTERVAL_SECS=0").ok());
    EXPECT_THAT(message_of_bad("RPC_REQUEST_TIMEOUT_SECS=0"), HasSubstr("RPC_REQUEST_TIMEOUT_SECS"));
    EXPECT_THAT(message_of_bad("RPC_REQUEST_TIMEOUT_SECS=0.0001"), HasSubstr("RPC_REQUEST_TIMEOUT_SECS"));
}

// --- PORTS ---

TEST(KeyValuePorts, AreReadFromACommaList)  // B10
{
    EXPECT_THAT(ports_in("11780:11780, 2200:22 ,65535:1"),
        ElementsAre(PortMapping { 11780, 11780 }, PortMapping { 2200, 22 }, PortMapping { 65535, 1 }));
    EXPECT_THAT(ports_in(""), IsEmpty());
}

TEST(KeyValuePorts, AreIgnoredWithAWarningWhenTheyAreNotTwoPorts)  // B11, B12, B17
{
    for (auto const* entry :
        { "65536:11780", "0:80", "80:0", "80", "80:", ":80", "80:80/udp", "127.0.0.1:80:80", "-p 80:80",
            "--volume /:/mnt", "000080:80", "+80:80", "80 :80", "80:80:80", "8o:80", "-e LD_PRELOAD=/x.so" }) {
        auto const config = read_good("PORTS=11780:11780," + std::string(entry));
        EXPECT_THAT(config.ports, ElementsAre(PortMapping { 11780, 11780 })) << entry;
        EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("PORTS, entry 2"))) << entry;
    }
}

TEST(KeyValuePorts, KeepTheGoodOnesBesideAnInjection)  // B13-B16
{
    for (auto const* ports : { "11780:11780,--env BAD=1", "11780:11780, --env BAD=oops", "11780:11780,--volume /:/mnt",
             "11780:11780,--env LD_PRELOAD=/path/to/my/malloc.so" })
        EXPECT_THAT(ports_in(ports), ElementsAre(PortMapping { 11780, 11780 })) << ports;
}

TEST(KeyValuePorts, AreKeptOnceWithAWarningWhenRepeated)
{
    auto const config = read_good("PORTS=80:80,81:81,80:80");
    EXPECT_THAT(config.ports, ElementsAre(PortMapping { 80, 80 }, PortMapping { 81, 81 }));
    EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("PORTS, entry 3")));
}

TEST(KeyValuePorts, AreRefusedWhenAHostPortHasTwoMeanings)
{
    EXPECT_THAT(message_of_bad("PORTS=80:80,x,80:81"), HasSubstr("PORTS, entry 3"));
    EXPECT_TRUE(read("PORTS=80:80,81:80").ok());
}

TEST(KeyValuePorts, AreRefusedBeyond1024Entries)
{
    std::string list = "1:1";
    for (int port = 2; port <= 1024; ++port)
        list += "," + std::to_string(port) + ":1";
    EXPECT_EQ(ports_in(list).size(), 1024U);
    EXPECT_THAT(message_of_bad("PORTS=" + list + ",1025:1"), HasSubstr("PORTS"));
}

TEST(KeyValueHosts, AreAnUnknownSetting)  // B18-B21
{
    auto const config = read_good("MPC_ENV=testnet\nEXTRA_HOSTS=node.local:192.168.1.1");
    EXPECT_THAT(variables_of(config), UnorderedElementsAre(Pair("MPC_ENV", "testnet")));
    EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("EXTRA_HOSTS")));
}

// --- what must not be seen ---

TEST(KeyValueSensitive, IsEveryValueThatIsPassedOrDropped)
{
    auto const config = read_good("MPC_PASSED=value-passed\nUNKNOWN=value-unknown\nMPC_ACCOUNT_SK=value-private\n"
                                  "no key value pair\nMPC_SHORT=12345\nMPC_SIX=123456\nPORTS=bad-entry");
    auto const sensitive = sensitive_of(config);
    EXPECT_THAT(sensitive,
        IsSupersetOf({ "value-passed", "value-unknown", "value-private", "no key value pair", "123456", "bad-entry" }));
    EXPECT_THAT(sensitive, Not(::testing::Contains("12345")));
}

TEST(KeyValueSensitive, IsTheImageAndTheOverride)
{
    auto const config =
        read_good("MPC_IMAGE_NAME=own/secret-node\nMPC_IMAGE_TAGS=release-7,x\nMPC_REGISTRY=reg.example.com\n"
                  "MPC_HASH_OVERRIDE="
            + digest_text('a'));
    EXPECT_THAT(sensitive_of(config),
        IsSupersetOf({ "own/secret-node", "reg.example.com/own/secret-node", "reg.example.com", "release-7",
            digest_text('a').c_str() }));
}

TEST(KeyValueSensitive, IsNotADefault) { EXPECT_THAT(sensitive_of(read_good("MPC_A=1")), IsEmpty()); }

}  // namespace
}  // namespace mpc::config
