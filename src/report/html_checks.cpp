// Every check with what was found and what was expected, and the measurements.
#include <fmt/format.h>

#include "report/html_parts.h"
#include "report/measurements.h"
#include "report/text.h"

namespace mpc::report::html {

namespace {

using attestation::Check;
using attestation::CheckResult;

std::string_view word_of(CheckResult result)
{
    switch (result) {
    case CheckResult::Pass: return "pass";
    case CheckResult::Fail: return "FAIL";
    case CheckResult::NotApplicable: return "n/a";
    }
    return "FAIL";
}

/// The identifier is inside of what is folded: who comes by a link finds it unfolded.
std::string row(Check const& check)
{
    Tally tally;
    tally.add(check);
    auto const outcome = tally.outcome();
    auto text = fmt::format(R"(<details class="{}"{}><summary>{}<span class="word">{}</span><b>{}</b>)"
                            R"(<span class="clause">{}</span></summary>)"
                            R"(<dl class="pairs" id="check-{}">)",
        class_of(outcome), outcome == Outcome::Fails ? " open" : "", icon(outcome), word_of(check.result),
        name_of(check.id), escaped(clause_of(check.id)), name_of(check.id));
    if (check.result == CheckResult::NotApplicable)
        text += fmt::format("<dt>because</dt><dd>{}</dd>", escaped(check.found));
    else
        text += fmt::format("<dt>found</dt><dd>{}</dd><dt>expected</dt><dd>{}</dd>", code(check.found),
            code(check.expected));
    return text + "</dl></details>\n";
}

std::string panel(Document const& document, Group const& group)
{
    auto const own = checks_of(document.report.checks, group);
    auto const tally = tally_of(own);
    auto const outcome = tally.outcome();
    auto text = fmt::format(R"(<details class="card group {}"{}><summary><h3>{} <small>{}</small></h3>{}</summary>)"
                            R"(<div class="checks">)"
                            "\n",
        class_of(outcome), outcome == Outcome::Fails ? " open" : "", group.title, group.question,
        chip(outcome, tally.text()));
    for (auto const& check : own)
        text += row(check);
    return text + "</div></details>\n";
}

}  // namespace

std::string checks(Document const& document)
{
    std::string text = R"(<section id="checks"><h2>Checks</h2><p class="intro">In the order in which they are judged. )"
                       R"(Trusted means that every one was settled and none failed.</p>)"
                       "\n";
    for (auto const& group : groups())
        text += panel(document, group);
    return text + "</section>\n";
}

std::string measurements(Document const& document)
{
    std::string text = R"(<section id="measurements"><h2>Measurements</h2>)";
    if (!document.report.measurements)
        return text
            + R"(<p class="warning">None: the quote is not genuine.</p></section>)"
              "\n";
    text += R"(<p class="intro">What the processor says of the virtual machine, signed.</p><dl class="card registers">)"
            "\n";
    for (auto const& each : measurements_of(*document.report.measurements))
        text += fmt::format("<dt>{} <small>{}</small></dt><dd>{}</dd>\n", each.title, each.meaning, code(each.hex));
    return text + "</dl></section>\n";
}

}  // namespace mpc::report::html
