#include <sstream>

#include <gmock/gmock.h>

#include "report/document_fixture.h"
#include "report/groups.h"

namespace mpc::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string table_of(Document const& document) { return as_table(document, Colour::Never); }

std::vector<std::string> lines_of(std::string const& text)
{
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

TEST(ReportTable, HasTheVerdictFirstAndLast)
{
    for (auto const& document : { trusted_document(), untrusted_document(), platform_document() }) {
        auto const lines = lines_of(table_of(document));
        EXPECT_EQ(lines.front(), lines.back());
    }
    EXPECT_EQ(lines_of(table_of(trusted_document())).front(), "TRUSTED");
    EXPECT_THAT(table_of(untrusted_document()), StartsWith("NOT TRUSTED: image_digest_allowed: policy: the measured"));
}

TEST(ReportTable, HasEveryCheckInOrderUnderItsGroup)
{
    auto const text = table_of(trusted_document());
    attestation::Checklist const all;
    std::size_t at = 0;
    for (auto const& group : groups()) {
        at = text.find("\n" + std::string(group.title), at);
        ASSERT_NE(at, std::string::npos) << group.title;
        for (auto const& check : checks_of(all, group)) {
            at = text.find(std::string("  ") + std::string(name_of(check.id)) + " ", at);
            ASSERT_NE(at, std::string::npos) << name_of(check.id);
            EXPECT_LT(at, text.find(clause_of(check.id), at));
        }
    }
}

TEST(ReportTable, ShowsAllOfWhatAFailureFoundAndExpected)
{
    auto node = test::TestNode().build();
    node.policy.measurements[0].mrtd[47] ^= 1;
    auto const text = table_of(document_of(node));
    EXPECT_THAT(text, HasSubstr("  FAIL  mrtd_expected "));
    EXPECT_THAT(text, HasSubstr("\n        found     " + to_hex(node.evidence.quote.td.mrtd) + "\n"));
    EXPECT_THAT(text, HasSubstr("\n        expected  " + to_hex(node.policy.measurements[0].mrtd)));
}

TEST(ReportTable, SaysWhyAcheckDoesNotApply)
{
    EXPECT_THAT(table_of(trusted_document()), HasSubstr("\n        because   no launch receipt was given\n"));
}

TEST(ReportTable, SaysOfAPlatformThatNothingElseWasJudged)
{
    auto const text = table_of(platform_document());
    EXPECT_THAT(text, StartsWith("TRUSTED: the platform only; what runs on it was not judged\n"));
    EXPECT_THAT(text, HasSubstr("\nBoot (only the platform was judged, not what runs on it)\n"));
}

TEST(ReportTable, ShowsLooseningsInRedBesideBothVerdicts)
{
    auto const text = as_table(trusted_document(), Colour::Always);
    EXPECT_EQ(occurrences(text, "\x1b[1;31mLOOSENED: simulated_root: "), 2U);
}

TEST(ReportTable, HasNoEscapeSequencesWithoutColour)
{
    EXPECT_THAT(table_of(untrusted_document()), Not(HasSubstr("\x1b")));
    EXPECT_THAT(as_table(untrusted_document(), Colour::Always), HasSubstr("\x1b[1;31mFAIL\x1b[0m"));
}

TEST(ReportTable, LetsNoForeignTextReachTheTerminal)
{
    auto document = document_with_event("evil:\x1b[2J");
    document.evidence_source = "https://x/\x1b]0;title\a";
    auto const text = table_of(document);
    EXPECT_THAT(text, HasSubstr("(\"evil: [2J\")"));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(ReportTable, CountsSignaturesAndNamesItsSources)
{
    auto const text = table_of(trusted_document());
    EXPECT_THAT(text, HasSubstr("\nsignatures      9 checked\n"));
    EXPECT_THAT(text, HasSubstr("\nevidence        quote.bin, tcb_info.json\n"));
    EXPECT_THAT(text, HasSubstr("\ncollateral      collateral.json\n"));
    EXPECT_THAT(text, HasSubstr("\nTCB status      UpToDate "));
}

TEST(ReportTable, MeasuresNothingWhenTheQuoteIsNotGenuine)
{
    auto node = test::TestNode().build();
    node.evidence.quote.signature.bytes[40] ^= 1;
    auto const text = table_of(document_of(node));
    EXPECT_THAT(text, HasSubstr("\nMeasurements\n  none: the quote is not genuine\n"));
    EXPECT_THAT(text, HasSubstr("\nTCB status      unknown: "));
}

TEST(ReportTable, SaysWhatEndsNext)
{
    auto const document = trusted_document();
    auto const text = table_of(document);
    auto const& next = document.forecast.front();
    EXPECT_THAT(text.substr(text.find("\nWhat ends next\n")),
        StartsWith("\nWhat ends next\n  " + crypto::to_text(next.when) + "  in 15 days    " + next.what + ": "));
}

}  // namespace
}  // namespace mpc::report
