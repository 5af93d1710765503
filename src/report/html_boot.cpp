// The measured boot: events in the order of the log, each flowing into its register.
#include <algorithm>

#include <fmt/format.h>

#include "report/html_parts.h"
#include "report/text.h"

namespace mpc::report::html {

namespace {

using attestation::Check;
using attestation::CheckId;
using attestation::CheckResult;
using evidence::Event;
using evidence::EventLog;

/// What fits a page; the log may have 100,000 events.
constexpr std::size_t most_events = 100;
constexpr std::size_t most_dots = 120;
constexpr std::size_t most_payload = 512;  // bytes

struct Register {
    std::uint32_t index;
    std::string_view meaning;
    CheckId replay;
};

constexpr std::array registers {
    Register { 0, "firmware configuration, virtual hardware", CheckId::Rtmr0Replay },
    Register { 1, "boot loader and kernel", CheckId::Rtmr1Replay },
    Register { 2, "kernel command line, initial file system", CheckId::Rtmr2Replay },
    Register { 3, "dstack, the application, the node", CheckId::Rtmr3Replay },
};

/// Event types of the TCG PC Client Platform Firmware Profile 1.06, table 27, as far as virtual firmware logs them.
std::string_view type_name(std::uint32_t type)
{
    switch (type) {
    case 0x1: return "POST code";
    case 0x4: return "separator";
    case 0x5: return "action";
    case 0x6: return "tagged event";
    case 0xa: return "platform configuration";
    case 0xd: return "boot loader text";
    case 0x80000001: return "firmware variable";
    case 0x80000002: return "boot variable";
    case 0x80000003: return "boot application";
    case 0x80000006: return "partition table";
    case 0x80000007: return "firmware action";
    case 0x80000008:
    case 0x8000000a: return "firmware volume";
    case 0x80000009:
    case 0x8000000b: return "handoff table";
    case 0x8000000c: return "boot variable";
    case 0x800000e0: return "variable authority";
    default: return "event";
    }
}

bool is_ours(Event const& event) { return event.imr == 3 && event.name == evidence::image_digest_event; }

Outcome outcome_of(Check const& check)
{
    Tally tally;
    tally.add(check);
    return tally.outcome();
}

std::string_view words_of(Outcome outcome)
{
    switch (outcome) {
    case Outcome::Holds: return "replays to the quote";
    case Outcome::Fails: return "does not replay to the quote";
    case Outcome::Unjudged:
    case Outcome::DoesNotApply: return "not judged";
    }
    return "not judged";
}

std::string payload_of(Event const& event)
{
    if (event.payload.empty())
        return R"(<span class="quiet">no payload</span>)";
    if (is_ours(event) && event.payload.size() == 32)
        return code("sha256:" + to_hex(event.payload));
    auto const head = ByteView(event.payload).first(std::min(event.payload.size(), most_payload));
    auto text = code(to_hex(head));
    if (head.size() < event.payload.size())
        text += fmt::format(R"( <span class="quiet">and {} bytes more</span>)", event.payload.size() - head.size());
    if (auto const readable = event.imr == 3 ? as_plain_text(head) : readable_part(head); !readable.empty())
        text = fmt::format(R"(<q>{}</q> )", escaped(readable)) + text;
    return text;
}

std::string digest_of(Event const& event)
{
    if (event.imr == 3)
        return code(to_hex(evidence::runtime_event_digest(event.name, event.payload)));
    return event.digest ? code(to_hex(*event.digest)) : R"(<span class="quiet">not logged</span>)";
}

std::string item(Event const& event)
{
    auto const name = event.imr == 3 || !event.name.empty() ? escaped(event.name) : std::string(type_name(event.type));
    return fmt::format(
        R"(<li{}><h4>{}{}</h4><dl class="pairs"><dt>payload</dt><dd>{}</dd><dt>digest</dt><dd>{}</dd></dl>)"
        "</li>\n",
        is_ours(event) ? R"( class="ours")" : "", name.empty() ? "(no name)" : name,
        is_ours(event) ? R"( <span class="tag">the node's image</span>)" : "", payload_of(event), digest_of(event));
}

/// One line for a register: its events as dots where they are in the log, and whether they explain it.
std::string lane(EventLog const& log, Register const& each, Outcome outcome)
{
    auto const of_this = [&](Event const& event) { return event.imr == each.index; };
    auto const stride = static_cast<std::size_t>(std::ranges::count_if(log, of_this)) / most_dots + 1;
    std::size_t nth = 0;
    std::string dots;
    for (std::size_t i = 0; i < log.size(); ++i) {
        if (!of_this(log[i]) || (nth++ % stride != 0 && !is_ours(log[i])))
            continue;
        auto const place = log.size() < 2 ? 50.0 : 100.0 * static_cast<double>(i) / static_cast<double>(log.size() - 1);
        dots += fmt::format(R"(<i{} style="left:{:.1f}%"></i>)", is_ours(log[i]) ? R"( class="ours")" : "", place);
    }
    return fmt::format(R"(<div class="lane {}"><b>RTMR{}</b><div class="track" aria-hidden="true">{}</div>{}</div>)"
                       "\n",
        class_of(outcome), each.index, dots, chip(outcome, words_of(outcome)));
}

std::string final_value(Document const& document, Check const& check, std::uint32_t index)
{
    auto const outcome = outcome_of(check);
    auto text = fmt::format(R"(<li class="final {}"><h4>RTMR{} in the quote {}</h4><dl class="pairs"><dt>quoted</dt>)"
                            "<dd>{}</dd>",
        class_of(outcome), index, chip(outcome, words_of(outcome)),
        code(document.evidence.quote.td.rtmrs[index].hex()));
    if (outcome == Outcome::Fails)
        text += fmt::format("<dt>replayed</dt><dd>{}</dd>", code(check.found));
    return text + "</dl></li>\n";
}

/// The events of one register, from zeros to its final value.
std::string panel(Document const& document, Register const& each)
{
    auto const& log = *document.evidence.event_log;
    auto const& check = document.report.checks[each.replay];
    std::string items;
    std::size_t count = 0;
    for (auto const& event : log) {
        if (event.imr == each.index && ++count <= most_events)
            items += item(event);
    }
    if (count > most_events)
        items += fmt::format(R"(<li class="more">and {} more, which do not fit here</li>)", count - most_events);
    bool const open = each.index == 3 || check.result == CheckResult::Fail;
    return fmt::format(R"(<details class="card register"{}><summary><h3>RTMR{} <small>{}</small></h3>)"
                       R"(<span class="count">{}</span></summary><ol class="rail">)"
                       "\n{}{}</ol></details>\n",
        open ? " open" : "", each.index, each.meaning, counted(count, "event"), items,
        final_value(document, check, each.index));
}

}  // namespace

std::string measured_boot(Document const& document)
{
    std::string text = R"(<section id="boot"><h2>Measured boot</h2>)";
    auto const& log = document.evidence.event_log;
    if (document.report.scope == attestation::Scope::Platform)
        return text
            + R"(<p class="warning">Not judged: only the platform was, not what runs on it.</p></section>)"
              "\n";
    if (!log)
        return text
            + R"(<p class="warning">No event log was given: nobody can say what was booted.</p></section>)"
              "\n";
    text +=
        R"(<p class="intro">Each event extends one of the processor's registers, which cannot be set back. The )"
        R"(registers are in the quote; the events are what explains them. In the log's order:</p><div class="card">)";
    for (auto const& each : registers)
        text += lane(*log, each, outcome_of(document.report.checks[each.replay]));
    text += "</div>\n";
    for (auto const& each : registers)
        text += panel(document, each);
    return text + "</section>\n";
}

}  // namespace mpc::report::html
