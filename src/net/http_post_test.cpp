#include "net/http_post.h"

#include <gtest/gtest.h>

#include "net/loopback_server.h"

namespace mpc::net {
namespace {

using namespace std::chrono_literals;
using test::LoopbackServer;
using test::Reply;

/// What becomes of a request that is answered so.
Result<http::Response> post_answered(Reply const& reply, Duration deadline = 5s)
{
    LoopbackServer const server([&reply](auto const&) { return reply; });
    return post(
        { .url = Url::parse(server.url("/path")).value(), .body = "{}", .deadline = deadline, .most_body_bytes = 100 },
        Interrupt::never());
}

TEST(Post, ReturnsAnswersOfEveryStatusButRedirects)
{
    for (auto const* status : { "200 OK", "400 Bad", "408 Late", "429 Slow", "500 Oops" }) {
        auto const response = post_answered(Reply::with_status(status, "reason"));
        ASSERT_TRUE(response.ok()) << response.error().message();
        EXPECT_EQ(std::to_string(response->status), std::string(status).substr(0, 3));
        EXPECT_EQ(response->body, "reason");
    }
    auto const redirect = post_answered(Reply::with_status("307 Elsewhere", "", "Location: http://127.0.0.1:1/\r\n"));
    ASSERT_FALSE(redirect.ok());
    EXPECT_EQ(redirect.error().kind(), ErrorKind::Refused);
}

TEST(Post, HasTheBoundsOfGet)
{
    auto const silent = post_answered({ "", Reply::Then::StaySilent }, 300ms);
    ASSERT_FALSE(silent.ok());
    EXPECT_EQ(silent.error().kind(), ErrorKind::Timeout);
    auto const large = post_answered(Reply::of(std::string(101, 'x')));
    ASSERT_FALSE(large.ok());
    EXPECT_EQ(large.error().kind(), ErrorKind::Invalid);
}

}  // namespace
}  // namespace mpc::net
