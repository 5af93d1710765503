#include "near/allowed_lists.h"

#include <map>
#include <memory>

#include <gmock/gmock.h>

#include "json/json.h"

namespace mpc::near {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string hex(char c) { return std::string(64, c); }

std::string answer(std::string const& value, int height = 10)
{
    json::Array bytes;
    for (char const c : value)
        bytes.emplace_back(static_cast<unsigned char>(c));
    return json::write(json::Object { { "jsonrpc", "2.0" }, { "id", "mpcctl" },
        { "result", json::Object { { "result", std::move(bytes) }, { "block_height", height } } } });
}

std::string error(std::string const& cause)
{
    return R"({"jsonrpc":"2.0","id":"mpcctl","error":{"cause":{"name":")" + cause + R"("},"data":"reason"}})";
}

std::string const missing = R"({"jsonrpc":"2.0","id":"mpcctl","result":{"error":"MethodNotFound"}})";

/// An endpoint that answers by method, and counts.
struct FakeEndpoint {
    std::map<std::string, std::string> answers { { "allowed_docker_image_hashes",
                                                     answer("[\"" + hex('b') + "\"]", 12) },
        { "allowed_launcher_image_hashes", answer("[\"" + hex('1') + "\",\"" + hex('2') + "\"]", 11) },
        { "allowed_launcher_compose_hashes", answer("[\"" + hex('c') + "\"]") },
        { "allowed_os_measurements", answer("[]") } };
    std::optional<Error> failure {};
    std::shared_ptr<int> calls = std::make_shared<int>(0);

    [[nodiscard]] Endpoint named(std::string const& name) const
    {
        return { name, [*this](std::string const& body) -> Result<http::Response> {
                    ++*calls;
                    if (failure)
                        return *failure;
                    auto const request = json::read_object(body).value();
                    auto const method = (*request.require_object("params").value()).require_text("method_name").value();
                    return http::Response { .status = 200, .body = answers.at(method) };
                } };
    }
};

FakeEndpoint failing(ErrorKind kind)
{
    FakeEndpoint endpoint;
    endpoint.failure = Error(kind, "it is so");
    return endpoint;
}

FakeEndpoint answering(std::string const& method, std::string const& body)
{
    FakeEndpoint endpoint;
    endpoint.answers[method] = body;
    return endpoint;
}

Result<AllowedLists> fetch(std::vector<Endpoint> const& endpoints)
{
    return fetch_allowed_lists(AccountId::parse("v1.signer").value(), endpoints);
}

TEST(AllowedLists, AreAllFourFromOneEndpointWithTheLowestBlock)
{
    FakeEndpoint const good;
    FakeEndpoint const spare;
    auto const lists = fetch({ good.named("a"), spare.named("b") });
    ASSERT_TRUE(lists.ok()) << lists.error().message();
    EXPECT_EQ(lists->images->front().digest.hex(), hex('b'));
    EXPECT_EQ(lists->launchers->front().hex(), hex('2'));
    EXPECT_EQ(lists->launcher_composes->size(), 1U);
    EXPECT_TRUE(lists->os_measurements->empty());
    EXPECT_EQ(lists->endpoint, "a");
    EXPECT_EQ(lists->block_height, 10U);
    EXPECT_TRUE(lists->notes.empty());
    EXPECT_EQ(*good.calls, 4);
    EXPECT_EQ(*spare.calls, 0);
}

TEST(AllowedLists, ComeFromTheNextEndpointWhenOneFails)
{
    for (auto const& bad : { failing(ErrorKind::Unreachable), failing(ErrorKind::Timeout), failing(ErrorKind::Invalid),
             failing(ErrorKind::Refused), failing(ErrorKind::NotFound),
             answering("allowed_launcher_compose_hashes", "<html>"), answering("allowed_os_measurements", answer("{}")),
             answering("allowed_docker_image_hashes", error("NO_SYNCED_BLOCKS")) }) {
        auto const lists = fetch({ bad.named("bad"), FakeEndpoint().named("good") });
        ASSERT_TRUE(lists.ok()) << lists.error().message();
        EXPECT_EQ(lists->endpoint, "good");
        EXPECT_THAT(lists->notes, ElementsAre(HasSubstr("bad: ")));
    }
}

TEST(AllowedLists, AreNotAskedForAgainOfAnEndpointThatFailed)
{
    auto const bad = failing(ErrorKind::Timeout);
    EXPECT_TRUE(fetch({ bad.named("bad"), FakeEndpoint().named("good") }).ok());
    EXPECT_EQ(*bad.calls, 1);
}

TEST(AllowedLists, EndWithEveryReasonWhenNoEndpointAnswers)
{
    auto const lists = fetch({ failing(ErrorKind::Timeout).named("a"), failing(ErrorKind::Invalid).named("b") });
    ASSERT_FALSE(lists.ok());
    EXPECT_EQ(lists.error().kind(), ErrorKind::Unreachable);
    EXPECT_EQ(lists.error().message(),
        "a: allowed_docker_image_hashes: it is so; b: allowed_docker_image_hashes: it is so");
    EXPECT_FALSE(lists.error().remedy().empty());
    EXPECT_FALSE(fetch({}).ok());
}

TEST(AllowedLists, EndWithWhatTheNetworkSaysWithoutAskingOn)
{
    FakeEndpoint const spare;
    auto const lists =
        fetch({ answering("allowed_docker_image_hashes", error("UNKNOWN_ACCOUNT")).named("a"), spare.named("b") });
    ASSERT_FALSE(lists.ok());
    EXPECT_EQ(lists.error().kind(), ErrorKind::Refused);
    EXPECT_THAT(lists.error().message(), HasSubstr("UNKNOWN_ACCOUNT: reason"));
    EXPECT_EQ(*spare.calls, 0);
}

TEST(AllowedLists, EndWhenInterrupted)
{
    FakeEndpoint const spare;
    auto const lists = fetch({ failing(ErrorKind::Interrupted).named("a"), spare.named("b") });
    ASSERT_FALSE(lists.ok());
    EXPECT_EQ(lists.error().kind(), ErrorKind::Interrupted);
    EXPECT_EQ(*spare.calls, 0);
}

TEST(AllowedLists, OfAnOlderContractLackWhatItDoesNotHave)
{
    auto const lists = fetch({ answering("allowed_launcher_image_hashes", missing).named("a") });
    ASSERT_TRUE(lists.ok()) << lists.error().message();
    ASSERT_FALSE(lists->launchers.ok());
    EXPECT_THAT(lists->launchers.error().message(),
        HasSubstr("allowed_launcher_image_hashes: the contract has no such"));
    EXPECT_TRUE(lists->images.ok());
}

TEST(AllowedLists, OfAnAccountThatHasNoneAreNotFound)
{
    FakeEndpoint none;
    for (auto& [method, body] : none.answers)
        body = missing;
    auto const lists = fetch({ none.named("a") });
    ASSERT_FALSE(lists.ok());
    EXPECT_EQ(lists.error().kind(), ErrorKind::NotFound);
}

TEST(AllowedLists, NoteDeadlinesThatContradictTheOrder)
{
    auto const entry = [](char c, std::string const& deadline) {
        return R"({"image_hash":")" + hex(c) + R"(","expiry_timestamp_seconds":)" + deadline + "}";
    };
    auto const json = "[" + entry('a', "5") + "," + entry('b', "null") + "]";
    auto const lists = fetch({ answering("allowed_docker_image_hashes", answer(json)).named("a") });
    ASSERT_TRUE(lists.ok());
    EXPECT_THAT(lists->notes, ElementsAre(HasSubstr("contradict their order")));
}

}  // namespace
}  // namespace mpc::near
