// The page: verdict, chain of trust, measured boot, checks, validity, measurements, verdict.
#include <fmt/format.h>

#include "report/html_parts.h"
#include "report/text.h"

namespace mpc::report {

namespace html {

std::string icon(Outcome outcome)
{
    auto const with = [](std::string_view shape) {
        return fmt::format(R"(<svg class="icon" viewBox="0 0 18 18" aria-hidden="true">{}</svg>)", shape);
    };
    switch (outcome) {
    case Outcome::Holds: return with(R"(<circle cx="9" cy="9" r="8"/><path d="M5 9.3l2.8 2.8L13 6.6"/>)");
    case Outcome::Fails:
        return with(R"(<path class="body" d="M9 .8 17.2 9 9 17.2.8 9z"/><path d="M6.4 6.4l5.2 5.2m0-5.2-5.2 5.2"/>)");
    case Outcome::Unjudged:
        return with(R"(<circle class="hollow" cx="9" cy="9" r="7.4"/>)"
                    R"(<path class="ink" d="M6.8 7a2.2 2.2 0 1 1 3 2.1q-.8.4-.8 1.4m0 1.9v.3"/>)");
    case Outcome::DoesNotApply:
        return with(R"(<circle class="hollow" cx="9" cy="9" r="7.4"/><path class="ink" d="M5.8 9h6.4"/>)");
    }
    return {};
}

std::string_view class_of(Outcome outcome)
{
    switch (outcome) {
    case Outcome::Holds: return "ok";
    case Outcome::Fails: return "bad";
    case Outcome::Unjudged: return "open";
    case Outcome::DoesNotApply: return "none";
    }
    return "bad";
}

std::string chip(Outcome outcome, std::string_view words)
{
    return fmt::format(R"(<span class="chip {}">{}{}</span>)", class_of(outcome), icon(outcome), escaped(words));
}

std::string code(std::string_view text) { return fmt::format("<code>{}</code>", escaped(text)); }

}  // namespace html

namespace {

using attestation::Report;
using attestation::Scope;
using attestation::Verdict;
using crypto::to_text;

std::string headline(Report const& report)
{
    if (report.verdict == Verdict::NotTrusted)
        return "Not trusted";
    return report.scope == Scope::Node ? "Trusted" : "Trusted platform";
}

/// What stands under the verdict: how many checks hold, or what failed first.
std::string explanation(Report const& report)
{
    Tally all;
    for (auto const& check : report.checks)
        all.add(check);
    if (report.verdict == Verdict::Trusted)
        return fmt::format("<p>Each of the {} that apply holds; none failed.</p>", counted(all.passed, "check"));
    auto const* failure = report.first_failure();
    if (!failure)
        return fmt::format("<p>{}</p>", escaped(verdict_line(report)));
    return fmt::format(
        R"(<p>{0} of {1} checks fail{2}. The first is <a href="#check-{3}">{3}</a>:</p><blockquote>{4}</blockquote>)"
        R"(<dl class="pairs"><dt>found</dt><dd>{5}</dd><dt>expected</dt><dd>{6}</dd></dl>)",
        all.failed, all.passed + all.failed, all.failed == 1 ? "s" : "", name_of(failure->id),
        escaped(clause_of(failure->id)), html::code(failure->found), html::code(failure->expected));
}

std::string warnings(Report const& report)
{
    std::string items;
    for (auto const loosening : report.loosenings)
        items += fmt::format("<li><b>LOOSENED: {}</b>: {}.</li>", name_of(loosening), sentence_of(loosening));
    auto text = items.empty() ? "" : fmt::format(R"(<ul class="loosened">{}</ul>)", items);
    if (report.scope == Scope::Platform)
        text += R"(<p class="warning"><b>The platform only.</b> What runs on it was not judged: which system, which )"
                R"(image, which node.</p>)";
    return text + "\n";
}

std::string fact(std::string_view name, std::string const& value, std::string const& remark = {})
{
    return fmt::format("<div><dt>{}</dt><dd>{}{}</dd></div>\n", name, escaped(value),
        remark.empty() ? "" : fmt::format("<small>{}</small>", escaped(remark)));
}

std::string tcb_facts(Report const& report)
{
    if (!report.tcb)
        return fact("TCB status", "unknown", "the platform could not be judged");
    auto const& tcb = *report.tcb;
    auto const text = fact("TCB status", std::string(name_of(tcb.status)),
        fmt::format("TCB of {}; TCB Info {}, QE identity {}", to_text(tcb.date).substr(0, 10),
            tcb.tcb_info_evaluation_number, tcb.qe_identity_evaluation_number));
    return text
        + fact("Advisories", tcb.advisories.empty() ? "none" : fmt::format("{}", fmt::join(tcb.advisories, ", ")));
}

std::string facts(Document const& document)
{
    auto const& report = document.report;
    auto text = R"(<dl class="facts">)" + tcb_facts(report);
    text += fact("Judged at", to_text(report.judged_at));
    if (report.valid_until)
        text += fact("Holds until", to_text(*report.valid_until), relative(*report.valid_until, report.judged_at));
    text += fact("Signatures", counted(report.checks.signatures(), "check"));
    text += fact("Evidence", document.evidence_source);
    text += fact("Collateral", document.collateral_source);
    for (auto const note : report.notes)
        text += fact("Note", std::string(sentence_of(note)));
    return text + "</dl>\n";
}

std::string head(Document const& document)
{
    return fmt::format(R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{}: {}</title>
<style>
)",
        headline(document.report), escaped(document.evidence_source))
        .append(html::style())
        .append("</style>\n</head>\n");
}

std::string verdict(Document const& document)
{
    auto const& report = document.report;
    auto const outcome = report.verdict == Verdict::Trusted ? Outcome::Holds : Outcome::Fails;
    auto text =
        fmt::format(R"(<header class="card verdict {}"><p class="kicker">Attestation of a TDX virtual machine</p>)"
                    "<h1>{}{}</h1>{}\n",
            html::class_of(outcome), html::icon(outcome), headline(report), explanation(report));
    return text + warnings(report) + facts(document) + "</header>\n";
}

constexpr std::string_view navigation = R"(<nav aria-label="Parts of this report"><a href="#chain">Chain of trust</a>
<a href="#boot">Measured boot</a><a href="#checks">Checks</a><a href="#validity">Validity</a>
<a href="#measurements">Measurements</a></nav>
)";

}  // namespace

std::string as_html(Document const& document)
{
    auto text = head(document) + "<body>\n" + verdict(document);
    text += navigation;
    text += "<main>\n";
    text += html::chain_of_trust(document) + html::measured_boot(document) + html::checks(document);
    text += html::validity(document) + html::measurements(document);
    text += fmt::format("</main>\n<footer><p><b>{}</b></p><p>mpcctl {}. This page holds no script and needs no network."
                        "</p></footer>\n</body>\n</html>\n",
        escaped(verdict_line(document.report)), MPC_VERSION);
    return text;
}

}  // namespace mpc::report
