#include "docker/credentials.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "support/temporary_directory.h"

namespace mpc::docker {
namespace {

using test::TemporaryDirectory;

/// What is found for a registry in a config.json of that content.
Result<std::optional<RegistryCredentials>> look_up(std::string_view content, std::string_view registry)
{
    TemporaryDirectory const directory;
    return credentials_for(directory.write("config.json", content), registry);
}

/// "auths" with one entry, for "user" and "pass:word".
std::string filed_under(std::string const& key)
{
    return R"({"auths":{")" + key + R"(":{"auth":")" + to_base64(as_bytes("user:pass:word")) + R"("}}})";
}

bool finds(std::string const& key, std::string_view registry)
{
    auto const found = look_up(filed_under(key), registry);
    EXPECT_TRUE(found.ok()) << key;
    return found.ok() && found.value().has_value();
}

std::string header_of(RegistryCredentials const& credentials)
{
    auto text = registry_auth_header(credentials).reveal();
    for (auto& c : text)
        c = c == '-' ? '+' : c == '_' ? '/' : c;
    return std::string(as_text(from_base64(text).value()));
}

TEST(Credentials, AreNoneWithoutAFile)
{
    TemporaryDirectory const directory;
    auto const found = credentials_for(directory / "config.json", "ghcr.io");
    ASSERT_TRUE(found.ok());
    EXPECT_FALSE(found.value().has_value());
}

TEST(Credentials, SayWhichFileCannotBeRead)
{
    TemporaryDirectory const directory;
    auto const found = credentials_for(directory.path(), "ghcr.io");
    EXPECT_EQ(found.error().kind(), ErrorKind::Io);
    EXPECT_NE(found.error().message().find(directory.path().string()), std::string::npos);
}

TEST(Credentials, SplitAuthAtTheFirstColon)
{
    auto const found = look_up(filed_under("ghcr.io"), "ghcr.io").value();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->username, "user");
    EXPECT_EQ(found->password.reveal(), "pass:word");
    EXPECT_EQ(found->server, "ghcr.io");
}

TEST(Credentials, MayBeWrittenOut)
{
    auto const found = look_up(R"({"auths":{"ghcr.io":{"username":"user","password":"word"}}})", "ghcr.io").value();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->username, "user");
    EXPECT_EQ(found->password.reveal(), "word");
}

TEST(Credentials, PreferAuthToWhatIsWrittenOut)
{
    auto const config =
        R"({"auths":{"ghcr.io":{"username":"a","password":"b","auth":")" + to_base64(as_bytes("user:word")) + R"("}}})";
    EXPECT_EQ(look_up(config, "ghcr.io").value()->username, "user");
}

TEST(Credentials, MayBeAnIdentityToken)
{
    auto const found = look_up(R"({"auths":{"ghcr.io":{"identitytoken":"token"}}})", "ghcr.io").value();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->identity_token.reveal(), "token");
}

TEST(Credentials, MatchAHostInEveryWayItIsWritten)
{
    for (auto const* key :
        { "ghcr.io", "https://ghcr.io", "http://ghcr.io", "https://ghcr.io/", "ghcr.io/v2/", "https://ghcr.io/v1/" })
        EXPECT_TRUE(finds(key, "ghcr.io")) << key;
}

TEST(Credentials, MatchNoHostThatIsOnlyAlike)
{
    for (auto const* key : { "evil-ghcr.io", "ghcr.io.evil.example", "x.ghcr.io", "hcr.io", "ghcr.i", "ghcr.io:443",
             "https://evil.example/ghcr.io", "ghcr.io@evil.example", "ftp://ghcr.io", "GHCR.io", "" })
        EXPECT_FALSE(finds(key, "ghcr.io")) << key;
    for (auto const* registry :
        { "evil-ghcr.io", "ghcr.io.evil.example", "x.ghcr.io", "hcr.io", "ghcr.i", "ghcr.io:443" })
        EXPECT_FALSE(finds("ghcr.io", registry)) << registry;
}

TEST(Credentials, MatchAPortExactly)
{
    EXPECT_TRUE(finds("127.0.0.1:5000", "127.0.0.1:5000"));
    EXPECT_TRUE(finds("http://127.0.0.1:5000/v2/", "127.0.0.1:5000"));
    EXPECT_FALSE(finds("127.0.0.1:5000", "127.0.0.1:5001"));
    EXPECT_FALSE(finds("127.0.0.1", "127.0.0.1:5000"));
}

TEST(Credentials, KnowDockerHubByItsNames)
{
    for (auto const* key : { "https://index.docker.io/v1/", "index.docker.io", "docker.io" }) {
        EXPECT_TRUE(finds(key, "docker.io")) << key;
        EXPECT_TRUE(finds(key, "index.docker.io")) << key;
    }
    EXPECT_EQ(look_up(filed_under("docker.io"), "docker.io").value()->server, "https://index.docker.io/v1/");
    for (auto const* key : { "registry.hub.docker.com", "hub.docker.com", "docker.com", "mydocker.io" })
        EXPECT_FALSE(finds(key, "docker.io")) << key;
}

TEST(Credentials, PreferTheKeyThatIsTheHostItself)
{
    auto const found = look_up(R"({"auths":{"https://ghcr.io/v2/":{"username":"first","password":"x"},)"
                               R"("ghcr.io":{"username":"exact","password":"x"}}})",
        "ghcr.io");
    EXPECT_EQ(found.value()->username, "exact");
}

TEST(Credentials, AreNoneWhereTheEntryIsEmpty)
{
    for (auto const* config : { R"({})", R"({"auths":null})", R"({"auths":{}})", R"({"auths":{"ghcr.io":{}}})",
             R"({"auths":{"ghcr.io":{"auth":""}}})", R"({"credsStore":"desktop"})",
             R"({"credsStore":"","auths":{"ghcr.io":{}}})", R"({"credHelpers":{"gcr.io":"gcloud"}})" }) {
        auto const found = look_up(config, "ghcr.io");
        ASSERT_TRUE(found.ok()) << config;
        EXPECT_FALSE(found.value().has_value()) << config;
    }
}

TEST(Credentials, RefuseACredentialHelperForTheRegistry)
{
    for (auto const* config :
        { R"({"credsStore":"desktop","auths":{"ghcr.io":{}}})", R"({"credHelpers":{"ghcr.io":"helper"}})",
            R"({"credHelpers":{"https://ghcr.io/v2/":"h"},"auths":{"ghcr.io":{"username":"a","password":"b"}}})" }) {
        auto const found = look_up(config, "ghcr.io");
        EXPECT_EQ(found.error().kind(), ErrorKind::Invalid) << config;
        EXPECT_FALSE(found.error().remedy().empty()) << config;
    }
}

TEST(Credentials, MayStandBesideAStoreThatIsNotNeeded)
{
    EXPECT_TRUE(look_up(R"({"credsStore":"desktop","auths":{"ghcr.io":{"username":"a","password":"b"}}})", "ghcr.io")
            .value()
            .has_value());
}

TEST(Credentials, RefuseWhatIsMalformedAndNeverRepeatAValue)
{
    auto const no_colon = to_base64(as_bytes("canary"));
    auto const no_user = to_base64(as_bytes(":canary"));
    for (auto const& config : { std::string("canary"), std::string("[]"), std::string(R"({"auths":["canary"]})"),
             std::string(R"({"auths":{"ghcr.io":"canary"}})"),
             std::string(R"({"auths":{"ghcr.io":{"auth":"canary!"}}})"),
             std::string(R"({"auths":{"ghcr.io":{"auth":7}}})"),
             R"({"auths":{"ghcr.io":{"auth":")" + no_colon + R"("}}})",
             R"({"auths":{"ghcr.io":{"auth":")" + no_user + R"("}}})",
             std::string(R"({"auths":{"ghcr.io":{"username":["canary"]}}})"),
             std::string(R"({"auths":{"ghcr.io":{"password":"canary"}}})"),
             std::string(R"({"auths":{"ghcr.io":{"identitytoken":{}}}})"),
             std::string(R"({"auths":{"ghcr.io":{}},"credsStore":["canary"]})"),
             std::string(R"({"credHelpers":"canary"})") }) {
        auto const found = look_up(config, "ghcr.io");
        ASSERT_FALSE(found.ok()) << config;
        EXPECT_EQ(found.error().kind(), ErrorKind::Invalid) << config;
        EXPECT_EQ(found.error().message().find("canary"), std::string::npos) << config;
    }
}

TEST(Credentials, RefuseOneRegistryFiledTwiceUnderTheSameKey)
{
    EXPECT_FALSE(look_up(
        R"({"auths":{"ghcr.io":{"username":"a","password":"b"},"ghcr.io":{"username":"c","password":"d"}}})", "ghcr.io")
            .ok());
}

TEST(Credentials, LeaveOtherRegistriesEntriesUnread)
{
    EXPECT_TRUE(look_up(R"({"auths":{"broken.example":{"auth":"!"},"ghcr.io":{"username":"a","password":"b"}}})",
        "ghcr.io")
            .ok());
}

TEST(Credentials, BecomeTheHeaderOfUserAndPassword)
{
    RegistryCredentials const credentials {
        .username = "us\"er", .password = Secret("pass\xc3\xbfword~?"), .identity_token = Secret(), .server = "ghcr.io"
    };
    EXPECT_EQ(header_of(credentials),
        "{\"username\":\"us\\\"er\",\"password\":\"pass\xc3\xbfword~?\",\"serveraddress\":\"ghcr.io\"}");
    EXPECT_EQ(registry_auth_header(credentials).reveal().find_first_of("+/\r\n"), std::string::npos);
}

TEST(Credentials, BecomeTheHeaderOfTheTokenWhereThereIsOne)
{
    EXPECT_EQ(header_of({ .username = "user",
                  .password = Secret("word"),
                  .identity_token = Secret("token"),
                  .server = "ghcr.io" }),
        R"({"identitytoken":"token"})");
}

}  // namespace
}  // namespace mpc::docker
