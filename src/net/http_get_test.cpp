#include "net/http_get.h"

#include <gtest/gtest.h>

#include "net/loopback_server.h"
#include "support/raised_signal.h"
#include "support/temporary_directory.h"

namespace mpc::net {
namespace {

using namespace std::chrono_literals;
using test::LoopbackServer;
using test::Reply;

Result<http::Response> get_from(std::string const& url, Duration deadline = 5s)
{
    return get({ .url = Url::parse(url).value(), .deadline = deadline, .most_body_bytes = 1000 }, Interrupt::never());
}

/// What becomes of a request that is answered so.
Result<http::Response> get_answered(Reply const& reply, Duration deadline = 5s)
{
    LoopbackServer const server([&reply](auto const&) { return reply; });
    return get_from(server.url("/path?key=canary"), deadline);
}

/// The answer to a request that fails, whose message names the address and nothing of the query.
Error error_when_answered(Reply const& reply, Duration deadline = 5s)
{
    auto result = get_answered(reply, deadline);
    if (result.ok())
        return { ErrorKind::Internal, "it did not fail" };
    EXPECT_NE(result.error().message().find("/path: "), std::string::npos) << result.error().message();
    EXPECT_EQ(result.error().message().find("canary"), std::string::npos) << result.error().message();
    return std::move(result).error();
}

/// An environment variable, for as long as it lives.
class Variable {
public:
    Variable(char const* name, std::string const& value) : m_name(name) { setenv(name, value.c_str(), 1); }
    ~Variable() { unsetenv(m_name); }
    Variable(Variable const&) = delete;
    Variable& operator=(Variable const&) = delete;

private:
    char const* m_name;
};

TEST(Get, ReturnsHeadersAndBody)
{
    auto const response = get_answered(Reply::of("hello", "Issuer-Chain:  a b \r\nEmpty:\r\n"));
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(response->status, 200U);
    EXPECT_EQ(response->body, "hello");
    EXPECT_EQ(response->header("issuer-chain"), "a b");
    EXPECT_EQ(response->header("empty"), "");
}

TEST(Get, SendsThePathAndTheQuery)
{
    LoopbackServer const server([](auto const&) { return Reply::of(""); });
    ASSERT_TRUE(get_from(server.url("/a/b?c=d")).ok());
    EXPECT_EQ(server.targets(), std::vector<std::string> { "/a/b?c=d" });
}

TEST(Get, TakesOnlyTheHeadersOfTheFinalAnswer)
{
    auto reply = Reply::of("x", "Chain: real\r\n");
    reply.bytes.insert(0, "HTTP/1.1 103 Early Hints\r\nChain: early\r\n\r\n");
    auto const response = get_answered(reply);
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(response->header("chain"), "real");
}

TEST(Get, RefusesEveryOtherStatusByName)
{
    for (auto const* status : { "204 No Content", "400 Bad", "404 Not Found", "410 Gone", "429 Slow", "500 Oops" }) {
        auto const error = error_when_answered(Reply::with_status(status));
        EXPECT_EQ(error.kind(), ErrorKind::Refused) << status;
        EXPECT_NE(error.message().find(std::string(status).substr(0, 3)), std::string::npos) << error.message();
    }
}

TEST(Get, DoesNotFollowRedirects)
{
    LoopbackServer const other([](auto const&) { return Reply::of("elsewhere"); });
    auto const error = error_when_answered(Reply::with_status("302 Found", "", "Location: " + other.url("/") + "\r\n"));
    EXPECT_EQ(error.kind(), ErrorKind::Refused);
    EXPECT_FALSE(error.remedy().empty());
    EXPECT_TRUE(other.targets().empty());
}

TEST(Get, EndsWhenTheServerIsSilent)
{
    for (auto const* said : { "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab" }) {
        auto const error = error_when_answered({ said, Reply::Then::StaySilent }, 300ms);
        EXPECT_EQ(error.kind(), ErrorKind::Timeout) << said;
    }
}

TEST(Get, HasADeadlineForTheWholeAndNotOnlyBetweenBytes)
{
    auto const start = std::chrono::steady_clock::now();
    LoopbackServer const server([first = true](auto const&) mutable {
        return std::exchange(first, false) ? Reply { "HTTP/1.1 200 OK\r\nX: ", Reply::Then::RepeatSlowly } : Reply();
    });
    auto const result = get_from(server.url(), 500ms);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind(), ErrorKind::Timeout);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(Get, RefusesABodyOfMoreThanTheLimit)
{
    EXPECT_TRUE(get_answered(Reply::of(std::string(1000, 'x'))).ok());
    EXPECT_EQ(error_when_answered(Reply::of(std::string(1001, 'x'))).kind(), ErrorKind::Invalid);
}

TEST(Get, RefusesAnEndlessBody)
{
    auto const chunk = "HTTP/1.1 200 OK\r\n\r\n" + std::string(500, 'x');
    EXPECT_EQ(error_when_answered({ chunk, Reply::Then::RepeatForEver }).kind(), ErrorKind::Invalid);
}

TEST(Get, RefusesEndlessHeaders)
{
    auto const error = error_when_answered(Reply::of("x", "X: " + std::string(17 << 10, 'x') + "\r\n"));
    EXPECT_EQ(error.kind(), ErrorKind::Invalid);
    EXPECT_NE(error.message().find("16 KiB"), std::string::npos);
    std::string many;
    for (auto i = 0; i < 1000; ++i)
        many += "X-" + std::to_string(i) + ": 0123456789\r\n";
    EXPECT_EQ(error_when_answered(Reply::of("x", many)).kind(), ErrorKind::Invalid);
}

TEST(Get, RefusesAnAnswerThatIsNotHttp)
{
    EXPECT_EQ(error_when_answered({ "hello, world\r\n" }).kind(), ErrorKind::Invalid);
}

TEST(Get, RefusesAnAnswerThatIsCutShort)
{
    auto const error = error_when_answered({ "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc" });
    EXPECT_EQ(error.kind(), ErrorKind::Unreachable);
}

TEST(Get, DoesNotDecompress)
{
    auto const response = get_answered(Reply::of("not gzip", "Content-Encoding: gzip\r\n"));
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(response->body, "not gzip");
}

TEST(Get, SaysThatNobodyListens)
{
    std::string url;
    {
        LoopbackServer const gone([](auto const&) { return Reply(); });
        url = gone.url();
    }
    auto const result = get_from(url);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind(), ErrorKind::Unreachable);
    EXPECT_FALSE(result.error().remedy().empty());
}

TEST(Get, EndsWhenASignalAsksItTo)
{
    auto const interrupt = Interrupt::on_signals({ SIGUSR1 }).value();
    LoopbackServer const server([](auto const&) { return Reply { "", Reply::Then::StaySilent }; });
    test::RaisedSignal const raised(SIGUSR1);
    auto const start = std::chrono::steady_clock::now();
    auto const result = get({ .url = Url::parse(server.url()).value(), .deadline = 20s }, interrupt);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind(), ErrorKind::Interrupted);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(Get, NeverUsesAProxyForThisMachine)
{
    Variable const proxy("http_proxy", "http://127.0.0.1:1");
    Variable const all("all_proxy", "http://127.0.0.1:1");
    Variable const exceptions("no_proxy", "example.com");
    EXPECT_TRUE(get_answered(Reply::of("")).ok());
}

TEST(Get, UsesTheProxyOfTheEnvironmentForOtherHosts)
{
    LoopbackServer const proxy([](auto const&) { return Reply::of("from the proxy"); });
    Variable const variable("http_proxy", proxy.url());
    auto const response = get_from("http://node.invalid/path");
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(proxy.targets(), std::vector<std::string> { "http://node.invalid/path" });
}

TEST(Get, NamesACaFileThatItCannotUse)
{
    test::TemporaryDirectory const directory;
    GetRequest request { .url = Url::parse("https://127.0.0.1:1/").value(), .tls = CaFile { directory / "none" } };
    auto const missing = get(request, Interrupt::never());
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().kind(), ErrorKind::NotFound);
    EXPECT_NE(missing.error().message().find("CA file"), std::string::npos);
}

}  // namespace
}  // namespace mpc::net
