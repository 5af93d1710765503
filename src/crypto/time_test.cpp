#include "crypto/time.h"

#include <gtest/gtest.h>

namespace mpc::crypto {
namespace {

TEST(Time, ReadsAndWritesItsOneForm)
{
    EXPECT_EQ(parse_time("1970-01-01T00:00:01Z").value().time_since_epoch().count(), 1);
    EXPECT_EQ(parse_time("2026-08-13T10:40:00Z").value().time_since_epoch().count(), 1786617600);
    EXPECT_EQ(to_text(parse_time("2024-02-29T23:59:59Z").value()), "2024-02-29T23:59:59Z");
    EXPECT_EQ(parse_time("9999-12-31T23:59:59Z").value().time_since_epoch().count(), 253402300799);
}

TEST(Time, RefusesEveryOtherForm)
{
    for (auto const* text : { "", "2026-08-13", "2026-08-13T10:40:00", "2026-08-13 10:40:00Z", "2026-08-13T10:40:00z",
             "2026-08-13T10:40:00+00:00", "2026-08-13T10:40:00.0Z", "2026-8-13T10:40:00Z", " 2026-08-13T10:40:00Z",
             "-026-08-13T10:40:00Z", "2026-08-13T10:40:0xZ" })
        EXPECT_FALSE(parse_time(text).ok()) << text;
}

TEST(Time, RefusesDatesThatDoNotExist)
{
    for (auto const* text : { "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
             "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z" })
        EXPECT_FALSE(parse_time(text).ok()) << text;
}

}  // namespace
}  // namespace mpc::crypto
