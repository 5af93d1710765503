#include "net/http_stream.h"

#include <gtest/gtest.h>

#include "net/loopback_server.h"

namespace mpc::net {
namespace {

using namespace std::chrono_literals;
using test::LoopbackServer;
using test::Reply;

/// What a stream of this answer hands over, and how it ends.
struct Streamed {
    std::string text;
    Result<http::Response> end;
};

Streamed stream_answered(Reply const& reply, Result<void> const& verdict = ok, Duration silence = 5s)
{
    LoopbackServer const server([&reply](auto const&) { return reply; });
    std::string text;
    auto const take = [&](std::string_view piece) {
        text += piece;
        return verdict;
    };
    auto end = stream({ .url = Url::parse(server.url("/logs")).value(), .silence = silence }, take, Interrupt::never());
    return { std::move(text), std::move(end) };
}

TEST(Stream, HandsOverTheBodyOfASuccess)
{
    auto const streamed = stream_answered(Reply::of("one\ntwo\n"));
    ASSERT_TRUE(streamed.end.ok()) << streamed.end.error().message();
    EXPECT_EQ(streamed.text, "one\ntwo\n");
    EXPECT_TRUE(streamed.end->body.empty());
}

TEST(Stream, ReturnsAnotherAnswerInsteadOfHandingItOver)
{
    auto const streamed = stream_answered(Reply::with_status("404 Missing", "VM not found"));
    ASSERT_TRUE(streamed.end.ok()) << streamed.end.error().message();
    EXPECT_EQ(streamed.end->status, 404U);
    EXPECT_EQ(streamed.end->body, "VM not found");
    EXPECT_TRUE(streamed.text.empty());
}

TEST(Stream, EndsWithTheErrorOfWhoeverTakesThePieces)
{
    auto const streamed = stream_answered(Reply::of("one"), Error(ErrorKind::Invalid, "enough"));
    ASSERT_FALSE(streamed.end.ok());
    EXPECT_EQ(streamed.end.error().message(), "enough");
}

TEST(Stream, EndsWhenTheOtherSideFallsSilent)
{
    auto const streamed =
        stream_answered({ "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun", Reply::Then::StaySilent }, ok, 300ms);
    ASSERT_FALSE(streamed.end.ok());
    EXPECT_EQ(streamed.end.error().kind(), ErrorKind::Timeout);
    EXPECT_EQ(streamed.text, "begun");
}

TEST(Stream, GoesOnLongerThanItsSilenceWhilePiecesArrive)
{
    std::size_t pieces = 0;
    LoopbackServer const server([](auto const&) -> Reply {
        return { "HTTP/1.1 200 OK\r\n\r\nx", Reply::Then::RepeatSlowly };
    });
    auto const started = std::chrono::steady_clock::now();
    auto const take = [&](std::string_view) -> Result<void> {
        ++pieces;
        if (std::chrono::steady_clock::now() - started > 900ms)
            return Error(ErrorKind::Interrupted, "seen enough");
        return ok;
    };
    auto const end =
        stream({ .url = Url::parse(server.url("/logs")).value(), .silence = 300ms }, take, Interrupt::never());
    ASSERT_FALSE(end.ok());
    EXPECT_EQ(end.error().message(), "seen enough");
    EXPECT_GT(pieces, 3U);
}

}  // namespace
}  // namespace mpc::net
