// The report for people at a terminal.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "report/groups.h"
#include "report/measurements.h"
#include "report/text.h"

namespace mpc::report {

namespace {

using attestation::Check;
using attestation::CheckResult;
using attestation::Report;
using attestation::Scope;
using attestation::Verdict;
using crypto::to_text;

constexpr std::string_view green = "32";
constexpr std::string_view bold_green = "1;32";
constexpr std::string_view bold_red = "1;31";
constexpr std::string_view bold = "1";
constexpr std::string_view dim = "2";

/// The longest name of a check, so that the clauses stand in one column.
std::size_t name_width()
{
    std::size_t width = 0;
    for (auto const& check : attestation::Checklist())
        width = std::max(width, name_of(check.id).size());
    return width;
}

/// One reason for all of them, when there is one: the heading says it once.
std::string_view common_reason(std::span<Check const> checks)
{
    bool const same = std::ranges::all_of(checks, [&](Check const& check) {
        return check.result == CheckResult::NotApplicable && check.found == checks.front().found;
    });
    return same ? std::string_view(checks.front().found) : "";
}

class Table {
public:
    explicit Table(Colour colour) : m_coloured(colour == Colour::Always), m_name_width(name_width()) {}

    std::string text;

    void verdict(Report const& report)
    {
        line(painted(printable(verdict_line(report), uncut),
            report.verdict == Verdict::Trusted ? bold_green : bold_red));
    }

    void fact(std::string_view name, std::string_view value)
    {
        line(fmt::format("{:<16}{}", name, printable(value, uncut)));
    }

    void heading(std::string_view name)
    {
        text += '\n';
        line(painted(name, bold));
    }

    void loosenings(Report const& report)
    {
        for (auto const loosening : report.loosenings)
            line(painted(fmt::format("LOOSENED: {}: {}", name_of(loosening), sentence_of(loosening)), bold_red));
    }

    void group(Group const& group, std::span<Check const> checks)
    {
        auto const reason = common_reason(checks);
        heading(reason.empty() ? std::string(group.title)
                               : fmt::format("{} ({})", group.title, printable(reason, uncut)));
        for (auto const& each : checks)
            check(each, reason.empty());
    }

    void line(std::string_view content) { text.append(content).append("\n"); }

private:
    void check(Check const& check, bool say_why)
    {
        line(fmt::format("  {}  {:<{}}  {}", mark_of(check.result), name_of(check.id), m_name_width,
            clause_of(check.id)));
        auto const detail = [&](std::string_view name, std::string_view value) {
            line(fmt::format("        {:<9} {}", name, printable(value, uncut)));
        };
        if (check.result == CheckResult::Fail) {
            detail("found", check.found);
            detail("expected", check.expected);
        } else if (check.result == CheckResult::NotApplicable && say_why) {
            detail("because", check.found);
        }
    }

    [[nodiscard]] std::string mark_of(CheckResult result) const
    {
        switch (result) {
        case CheckResult::Pass: return painted("pass", green);
        case CheckResult::Fail: return painted("FAIL", bold_red);
        case CheckResult::NotApplicable: return painted("n/a ", dim);
        }
        return "FAIL";
    }

    [[nodiscard]] std::string painted(std::string_view content, std::string_view colour) const
    {
        return m_coloured ? fmt::format("\x1b[{}m{}\x1b[0m", colour, content) : std::string(content);
    }

    bool m_coloured;
    std::size_t m_name_width;
};

std::string joined(std::vector<std::string> const& items)
{
    return items.empty() ? "none" : fmt::format("{}", fmt::join(items, ", "));
}

void add_summary(Table& table, Document const& document)
{
    auto const& report = document.report;
    table.fact("evidence", document.evidence_source);
    table.fact("collateral", document.collateral_source);
    table.fact("judged at", to_text(report.judged_at));
    if (report.scope == Scope::Platform)
        table.fact("scope", "platform: what runs on it was NOT judged");
    else
        table.fact("scope", "node: the platform and what runs on it");
    if (report.tcb) {
        table.fact("TCB status",
            fmt::format("{} (TCB of {}, TCB Info {}, QE identity {})", name_of(report.tcb->status),
                to_text(report.tcb->date).substr(0, 10), report.tcb->tcb_info_evaluation_number,
                report.tcb->qe_identity_evaluation_number));
        table.fact("advisories", joined(report.tcb->advisories));
    } else {
        table.fact("TCB status", "unknown: the platform could not be judged");
    }
    table.fact("signatures", fmt::format("{} checked", report.checks.signatures()));
    for (auto const note : report.notes)
        table.fact("note", sentence_of(note));
}

void add_measurements(Table& table, Report const& report)
{
    table.heading("Measurements");
    if (!report.measurements) {
        table.line("  none: the quote is not genuine");
        return;
    }
    for (auto const& each : measurements_of(*report.measurements))
        table.line(fmt::format("  {:<16}{}", each.name, each.hex));
}

std::string text_of(std::optional<crypto::Time> time) { return time ? to_text(*time) : "unknown"; }

void add_validity(Table& table, Document const& document)
{
    auto const& report = document.report;
    table.heading("Validity");
    table.line(fmt::format("  {} to {}  all of it", text_of(report.valid_from), text_of(report.valid_until)));
    for (auto const& window : report.windows) {
        auto const now = report.judged_at;
        auto const* const remark = now < window.from ? "  (not yet)" : now > window.until ? "  (ended)" : "";
        table.line(fmt::format("  {} to {}  {}{}", to_text(window.from), to_text(window.until),
            printable(window.what, uncut), remark));
    }
    table.heading("What ends next");
    if (document.forecast.empty())
        table.line("  nothing that is known");
    for (auto const& prospect : document.forecast)
        table.line(fmt::format("  {}  {:<12}  {}: {}", to_text(prospect.when),
            relative(prospect.when, report.judged_at), printable(prospect.what, uncut),
            printable(prospect.then, uncut)));
}

}  // namespace

std::string as_table(Document const& document, Colour colour)
{
    Table table(colour);
    table.verdict(document.report);
    table.loosenings(document.report);
    table.line("");
    add_summary(table, document);
    for (auto const& group : groups())
        table.group(group, checks_of(document.report.checks, group));
    add_measurements(table, document.report);
    add_validity(table, document);
    table.line("");
    table.loosenings(document.report);
    table.verdict(document.report);
    return table.text;
}

}  // namespace mpc::report
