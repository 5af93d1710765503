#include "vmm/context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace mpc::vmm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto two_hosts = R"(
default = "one"
[contexts.one]
url = "https://one:443"
token = "canary-one"
[contexts.two]
url = "unix:/run/two.sock"
insecure = true
)";

Contexts contexts() { return Contexts::parse(two_hosts).value(); }

Lookup environment(std::map<std::string, std::string> values = {})
{
    return [values = std::move(values)](char const* name) -> std::optional<std::string> {
        auto const found = values.find(name);
        return found == values.end() ? std::nullopt : std::optional(found->second);
    };
}

TEST(VmmContext, FallsBackFromOptionsToEnvironmentToTheDefault)
{
    auto const url = environment({ { "DSTACK_VMM_URL", "http://127.0.0.1:3" } });
    EXPECT_EQ(resolve({ .address = "unix:/x" }, contexts(), url)->address, "unix:/x");
    EXPECT_EQ(resolve({ .context = "two" }, contexts(), url)->address, "unix:/run/two.sock");
    EXPECT_EQ(resolve({}, contexts(), url)->address, "http://127.0.0.1:3");
    EXPECT_EQ(resolve({}, contexts(), environment())->address, "https://one:443");
    EXPECT_FALSE(resolve({}, {}, environment()).ok());
}

TEST(VmmContext, RefusesAnAddressTogetherWithAContext)
{
    EXPECT_FALSE(resolve({ .address = "unix:/x", .context = "two" }, contexts(), environment()).ok());
}

TEST(VmmContext, SendsAContextsTokenToNoOtherAddress)
{
    EXPECT_EQ(resolve({}, contexts(), environment())->token->reveal(), "canary-one");
    EXPECT_FALSE(resolve({ .address = "http://127.0.0.1:3" }, contexts(), environment())->token);
    auto const url = environment({ { "DSTACK_VMM_URL", "http://127.0.0.1:3" } });
    EXPECT_FALSE(resolve({}, contexts(), url)->token);
}

TEST(VmmContext, PrefersTheEnvironmentsTokenToTheContexts)
{
    auto const token = environment({ { "DSTACK_VMM_TOKEN", "other" } });
    EXPECT_EQ(resolve({}, contexts(), token)->token->reveal(), "other");
    auto const password = environment({ { "DSTACK_VMM_AUTH_USER", "me" }, { "DSTACK_VMM_AUTH_PASSWORD", "pw" } });
    auto const endpoint = resolve({}, contexts(), password);
    EXPECT_FALSE(endpoint->token);
    EXPECT_EQ(endpoint->user, "me");
    EXPECT_EQ(endpoint->password->reveal(), "pw");
}

TEST(VmmContext, RefusesHalfACredential)
{
    for (auto const* name : { "DSTACK_VMM_AUTH_USER", "DSTACK_VMM_AUTH_PASSWORD" }) {
        auto const half = resolve({}, contexts(), environment({ { name, "canary" } }));
        ASSERT_FALSE(half.ok()) << name;
        EXPECT_EQ(half.error().exit_code(), ExitCode::Usage);
        EXPECT_THAT(half.error().message(), AllOf(HasSubstr(name), Not(HasSubstr("canary"))));
    }
}

TEST(VmmContext, SaysWhereAnAddressThatCannotBeComesFrom)
{
    auto const url = resolve({}, {}, environment({ { "DSTACK_VMM_URL", "127.0.0.1:3" } }));
    ASSERT_FALSE(url.ok());
    EXPECT_THAT(url.error().message(), HasSubstr("DSTACK_VMM_URL"));
    EXPECT_EQ(url.error().exit_code(), ExitCode::Usage);
    Contexts const one { .by_name = { { "a", { .url = "unix:" } } } };
    auto const context = resolve({ .context = "a" }, one, environment());
    ASSERT_FALSE(context.ok());
    EXPECT_THAT(context.error().message(), HasSubstr("context"));
    EXPECT_NE(context.error().exit_code(), ExitCode::Usage);
}

TEST(VmmContext, LoosensTlsOnlyWhenTold)
{
    EXPECT_TRUE(std::holds_alternative<net::SystemStore>(resolve({}, contexts(), environment())->tls));
    EXPECT_TRUE(
        std::holds_alternative<net::InsecureTls>(resolve({ .context = "two" }, contexts(), environment())->tls));
    auto const with_ca = resolve({ .context = "two", .ca = "/ca.pem" }, contexts(), environment());
    EXPECT_TRUE(std::holds_alternative<net::CaFile>(with_ca->tls));
    EXPECT_FALSE(resolve({ .ca = "/ca.pem", .insecure = true }, contexts(), environment()).ok());
}

TEST(VmmContext, RefusesAFileThatIsNotExactlyRight)
{
    for (auto const* toml : { "[contexts.a]\n", "[contexts.a]\nurl = 1\n", "[contexts.a]\nurl = \"x\"\nurls = \"y\"\n",
             "context = 1\n", "default = \"b\"\n[contexts.a]\nurl = \"x\"\n", "contexts = 1\n", "contexts.a = 1\n",
             "[contexts.a]\nurl = \"x\"\ntoken = \"canary-t\"\ntoken_file = \"f\"\n",
             "[contexts.a]\nurl = \"x\"\nca = \"c\"\ninsecure = true\n" }) {
        auto const parsed = Contexts::parse(toml);
        ASSERT_FALSE(parsed.ok()) << toml;
        EXPECT_THAT(parsed.error().message(), Not(HasSubstr("canary")));
    }
}

/// A configuration file of that mode, with a token.
Result<Contexts> read_with_mode(std::filesystem::perms mode)
{
    auto const path = std::filesystem::path(::testing::TempDir()) / "mpcctl-contexts.toml";
    std::filesystem::remove(path);
    std::ofstream(path) << two_hosts;
    std::filesystem::permissions(path, mode);
    return read_contexts(path);
}

TEST(VmmContext, RefusesATokenThatOthersCanRead)
{
    using std::filesystem::perms;
    EXPECT_TRUE(read_with_mode(perms::owner_read | perms::owner_write).ok());
    auto const open = read_with_mode(perms::owner_read | perms::owner_write | perms::group_read);
    ASSERT_FALSE(open.ok());
    EXPECT_THAT(open.error().remedy(), HasSubstr("chmod 600"));
}

TEST(VmmContext, NeedsNoFile)
{
    auto const none = read_contexts("/nowhere/config.toml");
    ASSERT_TRUE(none.ok());
    EXPECT_TRUE(none->by_name.empty());
}

}  // namespace
}  // namespace mpc::vmm
