#include "docker/pull_stream.h"

#include <gtest/gtest.h>

namespace mpc::docker {
namespace {

image::ManifestDigest const asked = image::ManifestDigest::parse("sha256:" + std::string(64, 'a')).value();
image::ManifestDigest const another = image::ManifestDigest::parse("sha256:" + std::string(64, 'b')).value();
Scrubber const no_scrubber;

/// What engine 20.10.24 said of a pull, shortened.
std::string const whole = "{\"status\":\"Pulling from near/mpc-node\",\"id\":\"127.0.0.1:5461/near/mpc-node@"
    + asked.text()
    + "\"}\r\n"
      R"({"status":"Already exists","progressDetail":{},"id":"2bc9ae12c858"})"
      "\r\n"
      R"({"status":"Pulling fs layer","progressDetail":{},"id":"5220b4eae250"})"
      "\r\n"
      R"({"status":"Downloading","progressDetail":{"current":36445,"total":1027696},"id":"5220b4eae250"})"
      "\r\n"
      R"({"status":"Verifying Checksum","progressDetail":{},"id":"5220b4eae250"})"
      "\r\n"
      R"({"status":"Download complete","progressDetail":{},"id":"5220b4eae250"})"
      "\r\n"
      R"({"status":"Extracting","progressDetail":{"current":32768,"total":1027696},"id":"5220b4eae250"})"
      "\r\n"
      R"({"status":"Pull complete","progressDetail":{},"id":"5220b4eae250"})"
      "\r\n"
      "{\"status\":\"Digest: "
    + asked.text()
    + "\"}\r\n"
      "{\"status\":\"Status: Downloaded newer image for 127.0.0.1:5461/near/mpc-node@"
    + asked.text() + "\"}\r\n";

std::string layer(std::string_view id, std::string_view status, std::string_view detail = "{}")
{
    return "{\"status\":\"" + std::string(status) + "\",\"progressDetail\":" + std::string(detail) + ",\"id\":\""
        + std::string(id) + "\"}\r\n";
}

/// Feeds a whole text, in pieces of `size`, and ends it.
Result<void> outcome(std::string_view text, std::size_t size = std::string::npos,
    Scrubber const& scrubber = no_scrubber)
{
    PullStream stream(asked, scrubber);
    while (!text.empty()) {
        TRY(stream.feed(text.substr(0, size)));
        text.remove_prefix(std::min(size, text.size()));
    }
    return stream.finish();
}

PullProgress progress_after(std::string const& text)
{
    PullStream stream(asked, no_scrubber);
    EXPECT_TRUE(stream.feed(text).ok());
    return stream.progress();
}

TEST(PullStream, BelievesAPullThatNamesTheDigestAndItsStatus) { EXPECT_TRUE(outcome(whole).ok()); }

TEST(PullStream, BelievesAnImageThatIsUpToDate)
{
    EXPECT_TRUE(outcome("{\"status\":\"Pulling from x\",\"id\":\"x\"}{\"status\":\"Digest: " + asked.text()
        + "\"}{\"status\":\"Status: Image is up to date for x\"}")
            .ok());
}

TEST(PullStream, ReadsPiecesOfAnySize)
{
    for (std::size_t const size : { 1U, 2U, 3U, 7U, 64U, 1000U })
        EXPECT_TRUE(outcome(whole, size).ok()) << size;
}

TEST(PullStream, NeverSucceedsWhenItIsCutAnywhere)
{
    auto const end = whole.rfind('}');
    for (std::size_t length = 0; length <= end; ++length)
        EXPECT_FALSE(outcome(std::string_view(whole).substr(0, length)).ok()) << length;
}

TEST(PullStream, IsNoSuccessWhenItSaysNothing)
{
    EXPECT_EQ(outcome("").error().kind(), ErrorKind::Invalid);
    EXPECT_EQ(outcome("\r\n \t{}\r\n").error().kind(), ErrorKind::Invalid);
}

TEST(PullStream, IsNoSuccessWithoutTheDigest)
{
    EXPECT_EQ(outcome(R"({"status":"Status: Downloaded newer image for x"})").error().kind(), ErrorKind::Invalid);
}

TEST(PullStream, IsNoSuccessWhenAnObjectIsLeftOpenAfterAll)
{
    EXPECT_EQ(outcome(whole + "{\"status\":").error().kind(), ErrorKind::Invalid);
}

TEST(PullStream, SaysWhatItMissed)
{
    EXPECT_NE(outcome("{}").error().message().find("which digest"), std::string::npos);
    EXPECT_NE(outcome("{\"status\":\"Digest: " + asked.text() + "\"}").error().message().find("final status"),
        std::string::npos);
    EXPECT_NE(outcome("{").error().message().find("in the middle"), std::string::npos);
}

TEST(PullStream, IsNoSuccessWithoutTheFinalStatus)
{
    EXPECT_EQ(outcome("{\"status\":\"Digest: " + asked.text() + "\"}").error().kind(), ErrorKind::Invalid);
}

TEST(PullStream, DoesNotTakeAStatusBeforeTheDigestForTheFinalOne)
{
    EXPECT_FALSE(
        outcome("{\"status\":\"Status: Image is up to date\"}{\"status\":\"Digest: " + asked.text() + "\"}").ok());
}

TEST(PullStream, RefusesAnotherDigest)
{
    auto const result =
        outcome("{\"status\":\"Digest: " + another.text() + "\"}{\"status\":\"Status: Downloaded newer image for x\"}");
    EXPECT_EQ(result.error().kind(), ErrorKind::Invalid);
    EXPECT_NE(result.error().message().find("another digest"), std::string::npos);
}

TEST(PullStream, RefusesASecondDigestThatIsAnother)
{
    auto text = whole;
    EXPECT_FALSE(outcome(text + "{\"status\":\"Digest: " + another.text() + "\"}").ok());
}

TEST(PullStream, DoesNotTakeADigestFromALayersStatus)
{
    EXPECT_FALSE(outcome("{\"id\":\"5220b4eae250\",\"status\":\"Digest: " + asked.text()
        + "\"}{\"status\":\"Status: x\"}")
            .ok());
}

TEST(PullStream, ReportsAnErrorInsideTheStream)
{
    auto const result = outcome(layer("a", "Pulling fs layer")
        + R"({"errorDetail":{"message":"x"},"error":"filesystem layer verification failed"})"
          "\r\n");
    EXPECT_EQ(result.error().kind(), ErrorKind::Refused);
    EXPECT_NE(result.error().message().find("filesystem layer verification failed"), std::string::npos);
}

TEST(PullStream, ReportsAnErrorAlsoAfterTheFinalStatus)
{
    EXPECT_EQ(outcome(whole + R"({"error":"no space left on device"})").error().kind(), ErrorKind::Refused);
}

TEST(PullStream, ReportsEveryFormOfAnError)
{
    for (auto const* text : { R"({"error":""})", R"({"error":7})", R"({"error":{}})",
             R"({"errorDetail":{"message":"x"}})", R"({"errorDetail":{}})", R"({"errorDetail":"x"})",
             R"({"error":"x","status":"Status: Downloaded newer image"})" })
        EXPECT_EQ(outcome(text).error().kind(), ErrorKind::Refused) << text;
    EXPECT_NE(outcome(R"({"errorDetail":{"message":"the cause"}})").error().message().find("the cause"),
        std::string::npos);
}

TEST(PullStream, TakesANullErrorForNone) { EXPECT_TRUE(outcome(R"({"error":null,"errorDetail":null})" + whole).ok()); }

TEST(PullStream, ScrubsAndShortensTheEnginesText)
{
    Scrubber const scrubber = [](std::string_view text) {
        std::string scrubbed(text);
        for (auto at = scrubbed.find("canary"); at != std::string::npos; at = scrubbed.find("canary"))
            scrubbed.replace(at, 6, "***");
        return scrubbed;
    };
    auto const said = "no canary\\nhere " + std::string(5000, 'x');
    auto const message = outcome("{\"error\":\"" + said + "\"}", 100, scrubber).error().message();
    EXPECT_EQ(message.find("canary"), std::string::npos);
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_NE(message.find("no ***"), std::string::npos);
    EXPECT_LT(message.size(), 500U);
    EXPECT_EQ(outcome(R"({"canary":1,"canary":2})", 100, scrubber).error().message().find("canary"), std::string::npos);
}

TEST(PullStream, KeepsTheTimeThatTheRegistryAsksFor)
{
    PullStream stream(asked, no_scrubber);
    EXPECT_EQ(stream.retry_after(), std::nullopt);
    EXPECT_FALSE(stream
            .feed(R"({"error":"error pulling image configuration: download failed after attempts=1: )"
                  R"(toomanyrequests: retry-after: 2.5s"})")
            .ok());
    EXPECT_EQ(stream.retry_after(), Duration(2500));
}

TEST(PullStream, RefusesWhatIsNoSequenceOfObjects)
{
    for (auto const* text : { "[]", "x", "null", "\"{}\"", "}", ",", "{\"a\":}", "{\"a\" 1}", "{]}", "\xff" })
        EXPECT_EQ(outcome(text).error().kind(), ErrorKind::Invalid) << text;
}

TEST(PullStream, RefusesMembersOfAnotherType)
{
    for (auto const* text : { R"({"status":1})", R"({"status":["Digest"]})", R"({"id":1,"status":"Waiting"})",
             R"({"id":"a","status":"Downloading","progressDetail":[]})",
             R"({"id":"a","status":"Downloading","progressDetail":{"current":"1"}})",
             R"({"id":"a","status":"Downloading","progressDetail":{"total":1.5}})" }) {
        auto const result = outcome(text + whole);
        EXPECT_EQ(result.error().kind(), ErrorKind::Invalid) << text;
    }
}

TEST(PullStream, IgnoresWhatItDoesNotKnow)
{
    EXPECT_TRUE(outcome(
        R"({"aux":{"ID":"x"}}{"status":"Something new","id":"a","progressDetail":7}{"status":null}{"stream":"x"})"
        + whole)
            .ok());
}

TEST(PullStream, IsNotDeceivedByBracesInsideTexts)
{
    EXPECT_TRUE(outcome(R"({"status":"}{ \" \\ } {"})" + whole).ok());
}

TEST(PullStream, RefusesAnObjectThatDoesNotEnd)
{
    PullStream stream(asked, no_scrubber);
    ASSERT_TRUE(stream.feed("{\"status\":\"").ok());
    std::string const piece(4096, 'x');
    auto fed = Result<void>(ok);
    std::size_t bytes = 0;
    while (fed.ok() && bytes < 10 * 1024 * 1024) {
        fed = stream.feed(piece);
        bytes += piece.size();
    }
    EXPECT_EQ(fed.error().kind(), ErrorKind::Invalid);
    EXPECT_LE(bytes, 300U * 1024);
}

TEST(PullStream, RefusesMoreLayersThanAnImageCanHave)
{
    PullStream stream(asked, no_scrubber);
    for (int i = 0; i < 1024; ++i)
        ASSERT_TRUE(stream.feed(layer("layer" + std::to_string(i), "Waiting")).ok());
    EXPECT_EQ(stream.feed(layer("one more", "Waiting")).error().kind(), ErrorKind::Invalid);
}

TEST(PullProgress, SumsOverTheLayers)
{
    EXPECT_EQ(progress_after(layer("a", "Already exists") + layer("b", "Pulling fs layer")
                  + layer("c", "Downloading", R"({"current":40,"total":100})")
                  + layer("d", "Downloading", R"({"current":1,"total":50})") + layer("d", "Download complete")),
        (PullProgress { .bytes_done = 90, .bytes_total = 150, .layers_done = 1, .layers_total = 4 }));
}

TEST(PullProgress, CountsTheBytesThatAreDownloadedOnly)
{
    // The containerd store writes seconds into the detail of "Extracting".
    EXPECT_EQ(progress_after(layer("a", "Downloading", R"({"current":100,"total":100})")
                  + layer("a", "Extracting", R"({"current":3,"units":"s"})"))
                  .bytes_done,
        100U);
}

TEST(PullProgress, GoesOnWhereABrokenDownloadIsTakenUp)
{
    // Engine 20.10, after a connection that broke at 50,000 of 3,001,118 bytes.
    EXPECT_EQ(progress_after(layer("a", "Downloading", R"({"current":36391,"total":3001118})")
                  + layer("a", "Retrying in 5 seconds")
                  + layer("a", "Downloading", R"({"current":32768,"total":2951118})")),
        (PullProgress { .bytes_done = 82768, .bytes_total = 3001118, .layers_done = 0, .layers_total = 1 }));
}

TEST(PullProgress, CountsALayerOnceWhenItIsComplete)
{
    EXPECT_EQ(progress_after(layer("a", "Pull complete") + layer("a", "Pull complete")).layers_done, 1U);
}

TEST(PullProgress, BearsSizesThatAreUnknownOrAbsurd)
{
    EXPECT_EQ(progress_after(layer("a", "Downloading", R"({"current":5,"total":-1})")).bytes_total, 0U);
    EXPECT_EQ(progress_after(layer("a", "Downloading", R"({"current":5})")).bytes_done, 0U);
    EXPECT_EQ(progress_after(layer("a", "Downloading", "null")).layers_total, 1U);
    auto const huge =
        progress_after(layer("a", "Downloading", R"({"current":18446744073709551615,"total":18446744073709551615})")
            + layer("b", "Downloading", R"({"current":18446744073709551615,"total":18446744073709551615})"));
    EXPECT_EQ(huge.bytes_done, huge.bytes_total);
    EXPECT_GT(huge.bytes_done, std::uint64_t { 1 } << 50);
}

}  // namespace
}  // namespace mpc::docker
