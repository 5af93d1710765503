#include <regex>

#include <gtest/gtest.h>

#include "report/document_fixture.h"
#include "report/text.h"

namespace mpc::report {
namespace {

using attestation::CheckId;
using attestation::Checklist;
using attestation::Verdict;

std::vector<Document> documents()
{
    return { trusted_document(), untrusted_document(), platform_document(), document_with_event("<script>x</script>") };
}

/// The part of the page between two texts; "" when there is none.
std::string between(std::string const& page, std::string_view from, std::string_view to)
{
    auto const begin = page.find(from);
    auto const end = begin == std::string::npos ? begin : page.find(to, begin);
    return end == std::string::npos ? "" : page.substr(begin, end - begin);
}

/// Says what is missing, or what should be, and not all of the page.
testing::AssertionResult has(std::string const& page, std::string_view text)
{
    auto const found = page.find(text) != std::string::npos;
    return (found ? testing::AssertionSuccess() : testing::AssertionFailure()) << (found ? "has " : "lacks ") << text;
}

/// A report in which every check holds.
Document passing_document()
{
    auto document = trusted_document();
    document.report.checks = Checklist();
    for (auto const& check : Checklist())
        document.report.checks.record(check.id, true, "good", "good");
    document.report.verdict = Verdict::Trusted;
    return document;
}

TEST(ReportHtml, RunsNothingAndFetchesNothing)
{
    for (auto const& document : documents()) {
        auto const page = as_html(document);
        EXPECT_TRUE(has(page, R"(content="default-src 'none'; style-src 'unsafe-inline'")"));
        for (auto const* bad : { "<script", "<img", "<link", "<iframe", "<object", "<embed", "<form", "<base",
                 " src=", "@import", "url(h", "javascript:", "http-equiv=\"refresh" })
            EXPECT_FALSE(has(page, bad));
        EXPECT_FALSE(std::regex_search(page, std::regex(R"( on[a-z]+=)")));
        EXPECT_FALSE(std::regex_search(page, std::regex(R"(href="[^#])")));
    }
}

TEST(ReportHtml, EscapesWhatSomebodyElseWrote)
{
    auto document = document_with_event("<script>alert('x')</script>");
    document.evidence_source = "\"><em title=x>\x1b";
    document.report.windows.front().what = "<i>";
    document.forecast.front().then = "</p><i>";
    document.report.tcb->advisories = { "<u>" };
    auto const page = as_html(document);
    EXPECT_TRUE(has(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
    EXPECT_TRUE(has(page, "&quot;&gt;&lt;em title=x&gt; "));
    for (auto const* bad : { "<script", "<em title=x>", "<i>", "<u>", "\x1b" })
        EXPECT_FALSE(has(page, bad));
}

TEST(ReportHtml, HasTheVerdictFirstAndLast)
{
    EXPECT_TRUE(has(between(as_html(trusted_document()), "<h1>", "</h1>"), "</svg>Trusted"));
    EXPECT_TRUE(has(between(as_html(platform_document()), "<h1>", "</h1>"), "</svg>Trusted platform"));
    auto const page = as_html(untrusted_document());
    EXPECT_TRUE(has(between(page, "<h1>", "</h1>"), "</svg>Not trusted"));
    EXPECT_TRUE(has(between(page, "<footer>", "</footer>"), "NOT TRUSTED: image_digest_allowed: "));
}

TEST(ReportHtml, OpensWithTheFirstFailure)
{
    auto const header = between(as_html(untrusted_document()), "<header", "</header>");
    EXPECT_TRUE(has(header, "image_digest_allowed"));
    EXPECT_TRUE(has(header, "<code>sha256:ee000000"));
}

TEST(ReportHtml, ShowsLoosenings)
{
    EXPECT_TRUE(has(between(as_html(trusted_document()), "<header", "</header>"), "LOOSENED: simulated_root"));
}

TEST(ReportHtml, SaysOfAPlatformThatNothingElseWasJudged)
{
    auto const page = as_html(platform_document());
    EXPECT_TRUE(has(between(page, "<header", "</header>"), "What runs on it was not judged"));
    EXPECT_TRUE(has(between(page, "id=\"boot\"", "</section>"), "Not judged"));
}

TEST(ReportHtml, NamesTheRootForWhatItIs)
{
    auto document = trusted_document();
    EXPECT_TRUE(has(as_html(document), ">Simulated root<"));
    EXPECT_EQ(occurrences(as_html(document), ">not Intel's<"), 2U);
    document.report.loosenings.clear();
    EXPECT_FALSE(has(as_html(document), ">not Intel's<"));
    EXPECT_TRUE(has(as_html(document), ">Intel root CA<"));
}

/// Each check belongs to one box of the picture, which shows in both drawings that it breaks there.
TEST(ReportHtml, BreaksTheChainWhereACheckFails)
{
    auto const document = passing_document();
    EXPECT_FALSE(has(as_html(document), "class=\"node bad"));
    for (auto const& check : Checklist()) {
        auto broken = document;
        broken.report.verdict = Verdict::NotTrusted;
        broken.report.checks.record(check.id, false, "bad", "good");
        auto const page = as_html(broken);
        auto const link = "<a href=\"#check-" + std::string(name_of(check.id)) + "\" class=\"node bad breaks\">";
        EXPECT_EQ(occurrences(page, link), 2U) << name_of(check.id);
        EXPECT_EQ(occurrences(page, "class=\"node bad"), 2U) << name_of(check.id);
    }
}

TEST(ReportHtml, LeadsEveryLinkSomewhere)
{
    for (auto const& document : documents()) {
        auto const page = as_html(document);
        static std::regex const link(R"re(href="#([^"]+)")re");
        for (std::sregex_iterator it(page.begin(), page.end(), link), end; it != end; ++it)
            EXPECT_EQ(occurrences(page, " id=\"" + (*it)[1].str() + "\""), 1U) << (*it)[1];
    }
}

TEST(ReportHtml, UnfoldsOnlyWhatFailed)
{
    EXPECT_EQ(occurrences(as_html(trusted_document()), " open><summary>"), 1U);  // RTMR3
    auto const page = as_html(untrusted_document());
    EXPECT_EQ(occurrences(page, " open><summary>"), 3U);
    EXPECT_TRUE(has(page, "<details class=\"card group bad\" open>"));
}

TEST(ReportHtml, HighlightsTheImageDigestInTheBoot)
{
    auto const node = test::TestNode().build();
    auto const boot = between(as_html(document_of(node)), "id=\"boot\"", "</section>");
    auto const digest = to_hex(node.evidence.event_log->back().payload);
    EXPECT_TRUE(has(boot, "<li class=\"ours\"><h4>mpc-image-digest"));
    EXPECT_TRUE(has(boot, "<code>sha256:" + digest + "</code>"));
    EXPECT_EQ(occurrences(boot, "<i class=\"ours\""), 1U);
    EXPECT_TRUE(has(boot, "<dt>quoted</dt><dd><code>" + node.evidence.quote.td.rtmrs[3].hex() + "</code>"));
    EXPECT_EQ(occurrences(boot, "replays to the quote"), 8U);
}

TEST(ReportHtml, ShowsAPayloadAsTextOnlyWhenItIsText)
{
    test::TestNode node;
    node.log.push_back(test::runtime_event("text", { 'h', 'e', 'l', 'l', 'o' }));
    node.log.push_back(test::runtime_event("bytes", { 'm', 'a', 'r', 'g', 'i', 'n', 'a', 'l', 0xff }));
    auto const page = as_html(document_of(node.build()));
    EXPECT_TRUE(has(page, "<q>hello</q> <code>68656c6c6f</code>"));
    EXPECT_FALSE(has(page, "marginal"));
}

TEST(ReportHtml, ShowsThatARegisterIsNotExplained)
{
    auto node = test::TestNode().build();
    node.evidence.event_log->back().payload[0] ^= 1;
    auto const boot = between(as_html(document_of(node)), "id=\"boot\"", "</section>");
    EXPECT_EQ(occurrences(boot, "does not replay to the quote"), 2U);
    EXPECT_TRUE(has(boot, "<dt>replayed</dt>"));
}

TEST(ReportHtml, StaysSmallHoweverLongTheLogIs)
{
    auto document = trusted_document();
    for (int i = 0; i < 50'000; ++i)
        document.evidence.event_log->push_back(test::runtime_event("x", Bytes(2000, 0x61)));
    auto const page = as_html(document);
    EXPECT_LT(page.size(), 400'000U);
    EXPECT_TRUE(has(page, "more, which do not fit here"));
    EXPECT_TRUE(has(page, "and 1488 bytes more"));
    EXPECT_EQ(occurrences(page, "<i class=\"ours\""), 1U);
    EXPECT_LT(as_html(trusted_document()).size(), 200'000U);
}

TEST(ReportHtml, MarksWhatEndsFirstAndWhatHasEnded)
{
    auto document = trusted_document();
    auto chart = between(as_html(document), "class=\"card chart\"", "</section>");
    EXPECT_TRUE(has(chart, "the first to end"));
    document.report.judged_at += std::chrono::days(60);
    chart = between(as_html(document), "class=\"card chart\"", "</section>");
    EXPECT_TRUE(has(chart, "ended 4"));
    EXPECT_FALSE(has(chart, "the first to end"));
    document.report.judged_at -= std::chrono::days(120);
    EXPECT_TRUE(has(as_html(document), "not yet valid: begins in 4"));
}

TEST(ReportHtml, DrawsEveryPeriodWithinTheChart)
{
    auto document = trusted_document();
    auto& windows = document.report.windows;
    windows = { windows.front(), windows.front(), windows.front() };
    windows[0].until = windows[0].from + std::chrono::days(1);
    windows[1].from = document.report.judged_at + std::chrono::days(3000);
    auto const chart = between(as_html(document), "class=\"card chart\"", "</section>");
    static std::regex const bar(R"re(left:([0-9.]+)%;width:([0-9.]+)%)re");
    std::size_t bars = 0;
    for (std::sregex_iterator it(chart.begin(), chart.end(), bar), end; it != end; ++it, ++bars) {
        EXPECT_GT(std::stod((*it)[2]), 0.5);
        EXPECT_LE(std::stod((*it)[1]) + std::stod((*it)[2]), 100.01);
    }
    EXPECT_EQ(bars, 3U);
}

TEST(ReportHtml, ShowsAllEventsOfASmallRegisterBesideALargeOne)
{
    auto document = trusted_document();
    auto const lanes = [&] { return between(as_html(document), "class=\"lane ", "<b>RTMR1</b>"); };
    auto const dots = occurrences(lanes(), "<i ");
    EXPECT_GT(dots, 0U);
    document.evidence.event_log->insert(document.evidence.event_log->end(), 5000, test::runtime_event("x"));
    EXPECT_EQ(occurrences(lanes(), "<i "), dots);
}

}  // namespace
}  // namespace mpc::report
