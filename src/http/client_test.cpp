#include "http/client.h"

#include <gtest/gtest.h>

#include "http/server.h"
#include "support/raised_signal.h"
#include "support/temporary_directory.h"

namespace mpc::http {
namespace {

class Client_ : public testing::Test {
protected:
    void serve(Handler handler) { m_server = std::move(Server::listen(m_socket, std::move(handler))).value(); }
    Result<Response> get(Limits limits = {}) const
    {
        return Client(m_socket, m_never).send({ .target = "/x" }, limits);
    }

    test::TemporaryDirectory m_directory;
    std::filesystem::path m_socket = m_directory / "s.sock";
    Interrupt m_never = Interrupt::never();
    std::unique_ptr<Server> m_server;
};

using Client = Client_;

TEST_F(Client, SendsTheTargetHeadersAndBodyAndReadsTheAnswer)
{
    Request seen;
    serve([&](Request const& request) -> Answer {
        seen = request;
        return { .response = { .status = 201, .headers = { { "X-Kind", "a" } }, .body = "made" } };
    });
    auto const answer =
        http::Client(m_socket, m_never)
            .send({ .method = Method::Post, .target = "/a?b=c", .headers = { { "X-One", "1" } }, .body = "{}" });
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, 201U);
    EXPECT_EQ(answer->header("x-kind"), "a");
    EXPECT_EQ(answer->body, "made");
    EXPECT_EQ(seen.target, "/a?b=c");
    EXPECT_EQ(seen.body, "{}");
}

TEST_F(Client, SaysUnreachableWhenNobodyListens) { EXPECT_EQ(get().error().kind(), ErrorKind::Unreachable); }

TEST_F(Client, GivesUpWhenTheAnswerDoesNotComeInTime)
{
    serve([](Request const&) -> Answer { return { .delivery = { .hang = true } }; });
    EXPECT_EQ(get({ .deadline = Duration(50) }).error().kind(), ErrorKind::Timeout);
}

TEST_F(Client, SaysThatTheConnectionWasLostWhenTheBodyIsCut)
{
    serve([](Request const&) -> Answer {
        return { .response = { .status = 200, .body = "0123456789" }, .delivery = { .cut_after = 5 } };
    });
    EXPECT_EQ(get().error().kind(), ErrorKind::Io);
}

TEST_F(Client, SaysThatTheConnectionWasLostWhenThereIsNoAnswer)
{
    serve([](Request const&) -> Answer { return { .delivery = { .drop = true } }; });
    EXPECT_EQ(get().error().kind(), ErrorKind::Io);
}

TEST_F(Client, RefusesABodyBeyondTheLimit)
{
    serve([](Request const&) -> Answer { return { .response = { .status = 200, .body = std::string(5000, 'x') } }; });
    EXPECT_EQ(get({ .body = 4999 }).error().kind(), ErrorKind::Invalid);
    EXPECT_TRUE(get({ .body = 5000 }).ok());
}

TEST_F(Client, ReadsAChunkedBody)
{
    serve([](Request const&) -> Answer {
        return { .response = { .status = 200, .body = std::string(100000, 'y') }, .delivery = { .chunked = true } };
    });
    EXPECT_EQ(get()->body, std::string(100000, 'y'));
}

TEST_F(Client, HandsAStreamedBodyOverPieceByPiece)
{
    serve([](Request const&) -> Answer {
        return { .response = { .status = 200, .body = std::string(100000, 'z') }, .delivery = { .chunked = true } };
    });
    std::string all;
    auto const answer = http::Client(m_socket, m_never)
                            .stream({ .target = "/" },
                                [&](std::string_view piece) -> Result<void> {
                                    all += piece;
                                    return ok;
                                },
                                {});
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(all.size(), 100000U);
    EXPECT_TRUE(answer->body.empty());
}

TEST_F(Client, KeepsTheBodyOfARefusedStreamInTheResponse)
{
    serve([](Request const&) -> Answer { return { .response = { .status = 404, .body = "no such image" } }; });
    auto const answer = http::Client(m_socket, m_never)
                            .stream({ .target = "/" }, [](std::string_view) -> Result<void> { return ok; }, {});
    EXPECT_EQ(answer->status, 404U);
    EXPECT_EQ(answer->body, "no such image");
}

TEST_F(Client, EndsAStreamWithTheErrorOfItsReader)
{
    serve([](Request const&) -> Answer { return { .response = { .status = 200, .body = "bad" } }; });
    auto const answer =
        http::Client(m_socket, m_never)
            .stream({ .target = "/" },
                [](std::string_view) -> Result<void> { return Error(ErrorKind::Refused, "in the stream"); }, {});
    EXPECT_EQ(answer.error().kind(), ErrorKind::Refused);
}

TEST_F(Client, EndsAtOnceWhenASignalAsksForIt)
{
    serve([](Request const&) -> Answer { return { .delivery = { .hang = true } }; });
    auto const interrupt = std::move(Interrupt::on_signals({ SIGUSR1 })).value();
    test::RaisedSignal const raised(SIGUSR1);
    EXPECT_EQ(http::Client(m_socket, interrupt).send({ .target = "/" }).error().kind(), ErrorKind::Interrupted);
}

TEST_F(Client, RefusesAnAnswerThatIsNotHttp) { EXPECT_EQ(percent_decode(percent_encode("a b/+%")), "a b/+%"); }

}  // namespace
}  // namespace mpc::http
