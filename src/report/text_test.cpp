#include "report/text.h"

#include <gtest/gtest.h>

namespace mpc::report {
namespace {

using namespace std::chrono_literals;

constexpr char const* replaced = "\xef\xbf\xbd";

TEST(ReportText, KeepsTextInEveryScript)
{
    for (auto const* text : { "plain", "\xc3\xa4", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x94\x91" }) {
        EXPECT_EQ(valid_utf8(text), text);
        EXPECT_EQ(shown(text), text);
    }
}

TEST(ReportText, ReplacesWhatIsNoCharacter)
{
    // A cut character, a lone continuation, an overlong form, a surrogate, beyond Unicode, no lead byte.
    for (auto const* bytes : { "\xc3", "\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff" }) {
        auto const text = valid_utf8(std::string("a") + bytes);
        EXPECT_EQ(text.substr(0, 4), std::string("a") + replaced);
        EXPECT_EQ(text.find_first_not_of(replaced, 1), std::string::npos);
    }
    EXPECT_EQ(valid_utf8("\xe6\x97"
                         "x"),
        std::string(replaced) + replaced + "x");
}

TEST(ReportText, LeavesNothingThatActsOnATerminal)
{
    EXPECT_EQ(shown("a\x1b[2Jb\n\x7f"), "a [2Jb  ");
    EXPECT_EQ(shown("\xc2\x9b"), " ");  // CSI as one character
}

TEST(ReportText, ShowsThatTextWouldBeReordered)
{
    for (auto const* mark : { "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\x8b", "\xef\xbb\xbf", "\xf3\xa0\x81\x81" })
        EXPECT_EQ(shown(mark), replaced);
}

TEST(ReportText, EscapesEveryCharacterOfMarkup)
{
    EXPECT_EQ(escaped("<a href=\"x\" b='y'>&"), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
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
