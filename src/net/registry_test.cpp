#include "net/registry.h"

#include <gtest/gtest.h>

#include "hash/hash.h"
#include "net/loopback_server.h"

namespace mpc::net {
namespace {

using test::LoopbackServer;
using test::Reply;

std::string const manifest_bytes = R"({"schemaVersion":2})";
std::string const blob_bytes = "the layer";

template <typename Digest = image::ManifestDigest>
Digest digest_of(std::string const& bytes)
{
    return Digest(sha256({ as_bytes(bytes) }));
}

Reply unauthorised(std::string const& challenge)
{
    return Reply::with_status("401 Unauthorized", "", "WWW-Authenticate: " + challenge + "\r\n");
}

Reply redirect(std::string const& location)
{
    return Reply::with_status("307 Temporary Redirect", "", "Location: " + location + "\r\n");
}

/// A registry whose answers a test chooses: by path below the repository mpc/node, or by whole target.
struct Registries : testing::Test {
    std::map<std::string, std::function<Reply()>> answers {};
    LoopbackServer server { [this](std::string const& target) { return answer(target); } };
    Interrupt const interrupt = Interrupt::never();
    RegistrySettings settings {};

    Reply answer(std::string const& target)
    {
        std::string const repository = "/v2/mpc/node/";
        auto const path = target.starts_with(repository) ? target.substr(repository.size()) : target;
        auto const found = answers.find(path.substr(0, path.find('?')));
        return found == answers.end() ? Reply::with_status("404 Not Found") : found->second();
    }
    void serve(std::string const& path, Reply const& reply)
    {
        answers[path] = [reply] { return reply; };
    }
    void serve_manifest(std::string const& bytes = manifest_bytes)
    {
        serve("manifests/" + digest_of(manifest_bytes).text(), Reply::of(bytes));
    }
    void serve_blob(std::string const& bytes)
    {
        serve("blobs/" + digest_of<BlobDigest>(blob_bytes).text(), Reply::of(bytes));
    }
    /// Asks for a token of /token, which answers so, before it serves anything else.
    void want_token(std::string const& answer = R"({"token":"the-token","expires_in":60})")
    {
        serve("/token", Reply::of(answer));
        for (auto& [path, reply] : answers) {
            if (path == "/token")
                continue;
            auto const later = reply;
            reply = [this, later] {
                return server.requests().back().contains("Authorization: Bearer the-token\r\n")
                    ? later()
                    : unauthorised(R"(Bearer realm=")" + server.url("/token") + R"(",service="the service")");
            };
        }
    }
    [[nodiscard]] Result<Registry> registry()
    {
        auto const host = server.url().substr(std::string("http://").size());
        return Registry::of(image::Reference::parse(host + "/mpc/node:ignored").value(), settings, interrupt);
    }
    Result<ServedManifest> manifest() { return registry()->manifest(digest_of(manifest_bytes)); }
    /// The error of a blob, or its bytes.
    Result<std::string> blob()
    {
        std::string bytes;
        http::OnPiece const take = [&bytes](std::string_view piece) -> Result<void> {
            bytes += piece;
            return ok;
        };
        TRY(registry()->blob(digest_of<BlobDigest>(blob_bytes), blob_bytes.size(), take));
        return bytes;
    }
};

#define EXPECT_ERROR(result, expected_kind, text)                                                                      \
    do {                                                                                                               \
        auto const& outcome = (result);                                                                                \
        ASSERT_FALSE(outcome.ok());                                                                                    \
        EXPECT_EQ(outcome.error().kind(), expected_kind);                                                              \
        EXPECT_NE(outcome.error().message().find(text), std::string::npos) << outcome.error().message();               \
    } while (false)

TEST_F(Registries, ServeAManifestByDigest)
{
    serve_manifest();
    auto const served = manifest().value();
    EXPECT_EQ(served.bytes, manifest_bytes);
    EXPECT_EQ(served.digest, digest_of(manifest_bytes));
    EXPECT_TRUE(server.requests().front().contains("application/vnd.oci.image.index.v1+json"));
    EXPECT_FALSE(server.requests().front().contains("Authorization"));
}

TEST_F(Registries, AreNotBelievedWithoutTheBytes)
{
    serve_manifest("{}");
    EXPECT_ERROR(manifest(), ErrorKind::Mismatch, "has the digest");
}

TEST_F(Registries, SayWhatATagStandsFor)
{
    serve("manifests/v1", Reply::of(manifest_bytes));
    EXPECT_EQ(registry()->tagged("v1")->digest, digest_of(manifest_bytes));
}

TEST_F(Registries, AreNotBelievedWhenTheyContradictThemselves)
{
    serve("manifests/v1", Reply::of(manifest_bytes, "Docker-Content-Digest: sha256:" + std::string(64, '0') + "\r\n"));
    EXPECT_ERROR(registry()->tagged("v1"), ErrorKind::Mismatch, "its bytes do not have");
}

TEST_F(Registries, SayNo)
{
    EXPECT_ERROR(manifest(), ErrorKind::NotFound, "there is not the manifest sha256:");
    auto const path = "manifests/" + digest_of(manifest_bytes).text();
    serve(path, Reply::with_status("403 Forbidden", R"({"errors":[{"code":"DENIED","message":"m"}]})"));
    EXPECT_ERROR(manifest(), ErrorKind::Refused, "to just anybody (DENIED)");
    serve(path, Reply::with_status("429 Too Many Requests"));
    EXPECT_ERROR(manifest(), ErrorKind::Refused, "too often");
    serve(path, Reply::with_status("500 Internal Server Error"));
    EXPECT_ERROR(manifest(), ErrorKind::Refused, "status 500");
}

TEST_F(Registries, SendNoMoreThanAManifestMayHave)
{
    serve("manifests/v1", Reply { "HTTP/1.1 200 OK\r\n\r\n" + std::string(1 << 16, 'x'), Reply::Then::RepeatForEver });
    EXPECT_ERROR(registry()->tagged("v1"), ErrorKind::Invalid, "more than 4 MiB");
}

TEST_F(Registries, DripNoLongerThanTheirTime)
{
    settings.timeout = std::chrono::milliseconds(300);
    serve("manifests/v1", Reply { "HTTP/1.1 200 OK\r\n\r\nx", Reply::Then::RepeatSlowly });
    EXPECT_ERROR(registry()->tagged("v1"), ErrorKind::Timeout, "does not come to an end");
}

TEST_F(Registries, GiveATokenForWhatIsAskedAndNoMore)
{
    serve_manifest();
    want_token();
    ASSERT_TRUE(manifest().ok());
    auto const targets = server.targets();
    ASSERT_EQ(targets.size(), 3U);
    EXPECT_EQ(targets[1], "/token?scope=repository%3ampc%2fnode%3apull&service=the%20service");
    EXPECT_FALSE(server.requests()[1].contains("Authorization"));

    settings.access = Access::PullAndPush;
    ASSERT_TRUE(manifest().ok());
    EXPECT_TRUE(server.targets()[4].starts_with("/token?scope=repository%3ampc%2fnode%3apull%2cpush&"));
}

TEST_F(Registries, TakeTheTokenOfTheFirstCallForTheNext)
{
    serve_manifest();
    serve_blob(blob_bytes);
    want_token();
    auto it = registry().value();
    ASSERT_TRUE(it.manifest(digest_of(manifest_bytes)).ok());
    EXPECT_TRUE(it.has_blob(digest_of<BlobDigest>(blob_bytes)).value());
    EXPECT_EQ(server.targets().size(), 4U);
}

TEST_F(Registries, GetTheLoginAtTheirTokenServiceAlone)
{
    settings.login = RegistryLogin { "me", Secret("mine") };
    serve_manifest();
    want_token(R"({"access_token":"the-token"})");
    ASSERT_TRUE(manifest().ok());
    EXPECT_TRUE(server.requests()[1].contains("Authorization: Basic bWU6bWluZQ==\r\n"));
    EXPECT_FALSE(server.requests()[0].contains("Authorization"));
    EXPECT_FALSE(server.requests()[2].contains("Basic"));
}

TEST_F(Registries, GetTheLoginThemselvesWhereTheyWantIt)
{
    auto const path = "manifests/" + digest_of(manifest_bytes).text();
    answers[path] = [this] {
        return server.requests().back().contains("Authorization: Basic bWU6bWluZQ==\r\n")
            ? Reply::of(manifest_bytes)
            : unauthorised(R"(Basic realm="x")");
    };
    EXPECT_ERROR(manifest(), ErrorKind::Refused, "wants a user and a password");
    settings.login = RegistryLogin { "me", Secret("mine") };
    EXPECT_TRUE(manifest().ok());
    settings.login = RegistryLogin { "me", Secret("wrong") };
    EXPECT_ERROR(manifest(), ErrorKind::Refused, "to this user");
}

TEST_F(Registries, GetNoLoginForAnotherMachineWithoutTls)
{
    settings.login = RegistryLogin { "me", Secret("mine") };
    serve("manifests/v1", unauthorised(R"(Bearer realm="http://store.example/token")"));
    EXPECT_ERROR(registry()->tagged("v1"), ErrorKind::Refused, "not sent to http://store.example without TLS");
}

TEST_F(Registries, AreNotAskedForEverWhenATokenDoesNotHelp)
{
    serve("manifests/v1", unauthorised(R"(Bearer realm=")" + server.url("/token") + "\""));
    serve("/token", Reply::of(R"({"token":"x"})"));
    EXPECT_ERROR(registry()->tagged("v1"), ErrorKind::Refused, "does not give");
    EXPECT_EQ(server.targets().size(), 3U);
}

TEST_F(Registries, WithNoWayInThatIsKnownAreRefused)
{
    for (std::string const challenge : { "Negotiate", R"(Bearer service="x")", "" }) {
        serve("manifests/v1", unauthorised(challenge));
        EXPECT_ERROR(registry()->tagged("v1"), ErrorKind::Refused, "no way in");
    }
}

TEST_F(Registries, MayNotSmuggleAHeaderIntoAToken)
{
    serve_manifest();
    for (std::string const token :
        { R"({"token":"a\r\nX-Evil: 1"})", R"({"token":""})", R"({"token":1})", "{}", "[]", R"({"token":"a b"})" }) {
        want_token(token);
        EXPECT_ERROR(manifest(), ErrorKind::Invalid, "token");
    }
}

TEST_F(Registries, AreAskedForNothingWhenTheirTokenServiceSaysNo)
{
    serve_manifest();
    want_token();
    serve("/token", Reply::with_status("401 Unauthorized"));
    EXPECT_ERROR(manifest(), ErrorKind::Refused, "gives no token for mpc/node");
    serve("/token", Reply::with_status("500 Oops"));
    EXPECT_ERROR(manifest(), ErrorKind::Refused, "status 500");
}

TEST_F(Registries, ServeABlobOfItsDigestAndSize)
{
    serve_blob(blob_bytes);
    EXPECT_EQ(blob().value(), blob_bytes);
    serve_blob("the  ayer");
    EXPECT_ERROR(blob(), ErrorKind::Mismatch, "not those of its digest");
    serve_blob(blob_bytes + "!");
    EXPECT_ERROR(blob(), ErrorKind::Invalid, "longer than the 9 bytes");
    serve_blob("the lay");
    EXPECT_ERROR(blob(), ErrorKind::Invalid, "7 bytes instead of 9");
}

TEST_F(Registries, SayWhetherTheyHaveABlob)
{
    auto const digest = digest_of<BlobDigest>(blob_bytes);
    EXPECT_FALSE(registry()->has_blob(digest).value());
    serve("blobs/" + digest.text(), Reply { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" });
    EXPECT_TRUE(registry()->has_blob(digest).value());
    EXPECT_TRUE(server.requests().back().starts_with("HEAD "));
    serve("blobs/" + digest.text(), Reply::with_status("500 Oops"));
    EXPECT_FALSE(registry()->has_blob(digest).ok());
}

TEST_F(Registries, LeadElsewhereForABlobWithoutTheToken)
{
    LoopbackServer const store([](auto const&) { return Reply::of(blob_bytes); });
    serve("blobs/" + digest_of<BlobDigest>(blob_bytes).text(), redirect(store.url("/signed?key=1")));
    want_token();
    EXPECT_EQ(blob().value(), blob_bytes);
    ASSERT_EQ(store.requests().size(), 1U);
    EXPECT_FALSE(store.requests()[0].contains("Authorization"));
}

TEST_F(Registries, LeadToAnotherPlaceOfTheirOwnWithTheToken)
{
    serve("/elsewhere", Reply::of(blob_bytes));
    serve("blobs/" + digest_of<BlobDigest>(blob_bytes).text(), redirect("/elsewhere"));
    want_token();
    EXPECT_EQ(blob().value(), blob_bytes);
    EXPECT_TRUE(server.requests().back().contains("Authorization: Bearer the-token"));
}

TEST_F(Registries, AreNotFollowedForEver)
{
    serve("manifests/v1", redirect("v1"));
    EXPECT_ERROR(registry()->tagged("v1"), ErrorKind::Refused, "without end");
    EXPECT_EQ(server.targets().size(), 6U);
    serve("manifests/v1", Reply::with_status("307 Nowhere"));
    EXPECT_ERROR(registry()->tagged("v1"), ErrorKind::Refused, "without a Location");
}

/// Where a registry of that name would lead to a place.
Result<Url> led(std::string const& reference, std::string const& place, RegistrySettings const& settings = {})
{
    auto const interrupt = Interrupt::never();
    auto const registry = TRY(Registry::of(TRY(image::Reference::parse(reference)), settings, interrupt));
    return registry.location(TRY(registry.url_of("blobs/x")), { .status = 307, .headers = { { "Location", place } } });
}

TEST(Registry, LeadsNeverToLessProtectionNorIntoThisMachine)
{
    EXPECT_TRUE(led("ghcr.io/near/node", "https://store.example/x").ok());
    EXPECT_ERROR(led("ghcr.io/near/node", "http://store.example/x"), ErrorKind::Refused, "not followed");
    for (std::string const here : { "https://127.0.0.1/x", "https://localhost:8443/", "https://[::1]/",
             "https://0.0.0.0/", "https://localhost./", "https://[::ffff:127.0.0.1]/" })
        EXPECT_ERROR(led("ghcr.io/near/node", here), ErrorKind::Refused, "not followed");
    EXPECT_TRUE(led("127.0.0.1:5000/near/node", "http://127.0.0.1:6000/x").ok());
    EXPECT_FALSE(led("ghcr.io/near/node", "https://user:password@store.example/x").ok());
    EXPECT_FALSE(led("ghcr.io/near/node", "file:///etc/passwd").ok());
}

TEST(Registry, LeadsToALinkLocalAddressOnlyFromOne)
{
    for (std::string const here :
        { "https://169.254.169.254/latest", "https://[fe80::1]/", "https://[::ffff:169.254.1.1]/" })
        EXPECT_ERROR(led("ghcr.io/near/node", here), ErrorKind::Refused, "not followed");
    EXPECT_TRUE(led("169.254.1.1:5000/near/node", "https://169.254.1.2/x").ok());
}

std::string asked(std::string const& reference, RegistrySettings const& settings = {})
{
    auto const interrupt = Interrupt::never();
    return Registry::of(image::Reference::parse(reference).value(), settings, interrupt)->url_of("")->text();
}

TEST(Registry, IsAskedWhereTheEngineAsks)
{
    EXPECT_EQ(asked("nearone/mpc-node:3"), "https://registry-1.docker.io/v2/nearone/mpc-node/");
    EXPECT_EQ(asked("docker.io/nearone/mpc-node"), "https://registry-1.docker.io/v2/nearone/mpc-node/");
    EXPECT_EQ(asked("index.docker.io/nearone/mpc-node"), "https://registry-1.docker.io/v2/nearone/mpc-node/");
    EXPECT_EQ(asked("debian"), "https://registry-1.docker.io/v2/library/debian/");
    EXPECT_EQ(asked("docker.io/debian"), "https://registry-1.docker.io/v2/library/debian/");
    EXPECT_EQ(asked("ghcr.io/near/mpc-node"), "https://ghcr.io/v2/near/mpc-node/");
    EXPECT_EQ(asked("registry.example:5000/node"), "https://registry.example:5000/v2/node/");
}

TEST(Registry, IsAskedWithoutTlsOnThisMachineOrWhereTold)
{
    EXPECT_EQ(asked("127.0.0.1:5000/node"), "http://127.0.0.1:5000/v2/node/");
    EXPECT_EQ(asked("localhost/node"), "http://localhost/v2/node/");
    EXPECT_EQ(asked("127.0.0.1:5000/node", { .tls = CaFile { "x" } }), "https://127.0.0.1:5000/v2/node/");
    EXPECT_EQ(asked("127.example:5000/node"), "https://127.example:5000/v2/node/");
    EXPECT_EQ(asked("a.example/node", { .plain_http = PlainHttp::Everywhere }), "http://a.example/v2/node/");
}

}  // namespace
}  // namespace mpc::net
