#include "docker/patience.h"

#include <gtest/gtest.h>

namespace mpc::docker {
namespace {

Patience after(unsigned status, std::string body = {}, std::vector<http::Header> headers = {})
{
    return patience_after({ .status = status, .headers = std::move(headers), .body = std::move(body) });
}

TEST(Patience, TriesAgainOnlyAfterAnAnswerThatMayChange)
{
    for (unsigned const status : { 408U, 429U, 500U, 502U, 503U, 504U, 301U })
        EXPECT_TRUE(after(status).worth_a_retry) << status;
    for (unsigned const status : { 400U, 401U, 403U, 404U, 409U, 410U, 422U })
        EXPECT_FALSE(after(status).worth_a_retry) << status;
}

TEST(Patience, ReadsTheHeaderInSeconds)
{
    EXPECT_EQ(after(429, "", { { "Retry-After", "7" } }).retry_after, std::chrono::seconds(7));
    EXPECT_EQ(after(503, "", { { "retry-after", "0" } }).retry_after, Duration(0));
}

TEST(Patience, TakesNothingFromAHeaderThatIsNoNumberOfSeconds)
{
    for (auto const* value : { "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "1.5", "7 ", "99999999999", "" })
        EXPECT_EQ(after(429, "", { { "Retry-After", value } }).retry_after, std::nullopt) << value;
}

TEST(Patience, NeverWaitsForMoreThanADay)
{
    EXPECT_EQ(after(429, "", { { "Retry-After", "4000000000" } }).retry_after, std::chrono::hours(24));
    EXPECT_EQ(find_retry_after("retry-after: " + std::string(300, '9') + "h"), std::chrono::hours(24));
}

TEST(Patience, FindsTheTimeInTheEnginesText)
{
    // What engine 20.10 makes of a registry's 429: status 500, and no header.
    auto const patience = after(500, R"({"message":"toomanyrequests: retry-after: 1.25s, allowed: 44000/minute"})");
    EXPECT_TRUE(patience.worth_a_retry);
    EXPECT_EQ(patience.retry_after, Duration(1250));
}

TEST(Patience, AsksNoTimeOfAnAnswerThatWillNotChange)
{
    EXPECT_EQ(after(404, "retry-after: 1s", { { "Retry-After", "7" } }).retry_after, std::nullopt);
}

struct Text {
    char const* text;
    std::optional<Duration> expected;
};

TEST(RetryAfter, ReadsGoDurations)
{
    Text const texts[] = {
        { "retry-after: 123.4ms", Duration(124) },
        { "toomanyrequests: retry-after: 985.86\u00b5s, allowed: 44000/minute", Duration(1) },
        { "retry-after: 985.86\u03bcs", Duration(1) },
        { "retry-after: 10us", Duration(1) },
        { "retry-after: 10ns", Duration(1) },
        { "Retry-After: 2s", Duration(2000) },
        { "RETRY-AFTER:3s", Duration(3000) },
        { "retry-after: 1m2.5s.", Duration(62500) },
        { "retry-after: 1h0m1s", Duration(3601000) },
        { "retry-after: 30", Duration(30000) },
        { "retry-after: 0s", Duration(0) },
    };
    for (auto const& [text, expected] : texts)
        EXPECT_EQ(find_retry_after(text), expected) << text;
}

TEST(RetryAfter, IsNothingWhereNoTimeIsNamed)
{
    for (auto const* text :
        { "", "toomanyrequests: slow down", "retry-after", "retry-after:", "retry-after: soon", "retry-after: -1s",
            "retry-after: 1.2.3s", "retry-after: .", "retry-after: inf", "retry-after: nan", "retry-after: 0x10s" }) {
        auto const found = find_retry_after(text);
        EXPECT_TRUE(!found || *found == Duration(0)) << text;
    }
}

}  // namespace
}  // namespace mpc::docker
