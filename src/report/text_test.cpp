#include "report/text.h"

#include <gtest/gtest.h>

namespace mpc::report {
namespace {

using namespace std::chrono_literals;

TEST(ReportText, EscapesEveryCharacterOfMarkup)
{
    EXPECT_EQ(escaped("<a href=\"x\" b='y'>&"), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
    EXPECT_EQ(escaped("a\xff\xc2\x9b"), "a\xef\xbf\xbd ");
}

TEST(ReportText, FindsWhatCanBeReadInAPayload)
{
    EXPECT_EQ(readable_part(as_bytes("ACPI DATA")), "ACPI DATA");
    EXPECT_EQ(readable_part(Bytes { 1, 2, 'B', 0, 'o', 0, 'o', 0, 't', 0, '0', 0, '1', 0, 9 }), "Boot01");
    EXPECT_EQ(readable_part(as_bytes("\x80zfs01\x80")), "");
    EXPECT_EQ(readable_part({}), "");
    EXPECT_EQ(readable_part(Bytes(5000, 'a')).size(), 200U);
}

TEST(ReportText, TakesOnlyTextForText)
{
    EXPECT_EQ(as_plain_text(as_bytes("{\"name\":\"tpm\"}")), "{\"name\":\"tpm\"}");
    EXPECT_EQ(as_plain_text(as_bytes("abcdefgh\x80")), "");
    EXPECT_EQ(as_plain_text(Bytes(5000, 'a')).size(), 200U);
}

TEST(ReportText, SaysHowFarAwayATimeIs)
{
    crypto::Time const now { 1'000'000'000s };
    EXPECT_EQ(relative(now, now), "now");
    EXPECT_EQ(relative(now + 61s, now), "in 1 minute");
    EXPECT_EQ(relative(now + 3h, now), "in 3 hours");
    EXPECT_EQ(relative(now + std::chrono::days(15), now), "in 15 days");
    EXPECT_EQ(relative(now - std::chrono::days(3), now), "3 days ago");
    EXPECT_EQ(relative(now + std::chrono::days(800), now), "in 2 years");
}

TEST(ReportText, AVerdictNamesTheFirstFailure)
{
    attestation::Report report;
    report.checks.record(attestation::CheckId::TcbInfoCurrent, false, "", "");
    report.checks.record(attestation::CheckId::RootValidity, false, "", "");
    EXPECT_EQ(verdict_line(report).find("NOT TRUSTED: root_validity: "), 0U);
}

TEST(ReportText, AVerdictNamesWhatNobodyCouldJudge)
{
    attestation::Report report;
    report.checks.record(attestation::CheckId::RootPinned, true, "", "");
    EXPECT_EQ(verdict_line(report).find("NOT TRUSTED: root_validity could not be judged: "), 0U);
}

}  // namespace
}  // namespace mpc::report
