// Validity windows as bars around the time of the judgement, and what ends next.
#include <algorithm>

#include <fmt/format.h>

#include "report/html_parts.h"
#include "report/text.h"

namespace mpc::report::html {

namespace {

using attestation::Report;
using attestation::Window;
using crypto::Time;
using crypto::to_text;

/// The time that the chart shows. Certificates live for decades and lists for weeks: it is of the weeks, and a bar that
/// goes beyond it has an open end.
struct Axis {
    Time from;
    Time until;

    [[nodiscard]] double place(Time time) const
    {
        auto const share = static_cast<double>((time - from).count()) / static_cast<double>((until - from).count());
        return 100.0 * std::clamp(share, 0.0, 1.0);
    }
};

Axis axis_of(Report const& report)
{
    using std::chrono::days;
    constexpr days short_lived { 100 };
    constexpr days least { 30 };
    auto const now = report.judged_at;
    Axis axis { now - least, now + least };
    for (auto const& window : report.windows) {
        if (window.until - window.from > short_lived)
            continue;
        axis.from = std::max(std::min(axis.from, window.from), Time(now - short_lived));
        axis.until = std::min(std::max(axis.until, window.until), Time(now + short_lived));
    }
    auto const margin = (axis.until - axis.from) / 20;
    return { axis.from - margin, axis.until + margin };
}

std::string day_of(Time time) { return to_text(time).substr(0, 10); }

/// "2026-08-31 00:00 UTC".
std::string minute_of(Time time)
{
    auto const text = to_text(time);
    return text.substr(0, 10) + " " + text.substr(11, 5) + " UTC";
}

Outcome outcome_of(Window const& window, Time now)
{
    return window.from <= now && now <= window.until ? Outcome::Holds : Outcome::Fails;
}

std::string state_of(Window const& window, Report const& report)
{
    auto const now = report.judged_at;
    if (now < window.from)
        return "not yet valid: begins " + relative(window.from, now);
    if (now > window.until)
        return "ended " + relative(window.until, now);
    return "ends " + relative(window.until, now);
}

std::string bar(Window const& window, Report const& report, Axis const& axis)
{
    auto const outcome = outcome_of(window, report.judged_at);
    constexpr double thinnest = 0.8;
    auto const left = std::min(axis.place(window.from), 100.0 - thinnest);
    auto const right = axis.place(window.until);
    bool const next = outcome == Outcome::Holds && report.valid_until == window.until;
    return fmt::format(R"(<li class="{}{}"><div class="what"><b>{}</b><span>{} to {}</span><em>{}{}{}</em></div>)"
                       R"(<div class="track" aria-hidden="true"><i class="bar{}{}" )"
                       R"(style="left:{:.2f}%;width:{:.2f}%"></i><i class="now" style="left:{:.2f}%"></i></div></li>)"
                       "\n",
        class_of(outcome), next ? " next" : "", escaped(window.what), day_of(window.from), day_of(window.until),
        icon(outcome), state_of(window, report), next ? ", the first to end" : "",
        window.from < axis.from ? " before" : "", window.until > axis.until ? " after" : "", left,
        std::max(right - left, thinnest), axis.place(report.judged_at));
}

std::string chart(Report const& report)
{
    auto windows = report.windows;
    std::ranges::stable_sort(windows, {}, &Window::until);
    auto const axis = axis_of(report);
    std::string text = R"(<div class="card chart"><ol>)";
    for (auto const& window : windows)
        text += bar(window, report, axis);
    return text
        + fmt::format(
            R"(</ol><div class="axis" aria-hidden="true"><div class="track"><span class="first">{}</span>)"
            R"(<span class="mark" style="left:{:.2f}%">judged</span><span class="last">{}</span></div></div></div>)"
            "\n",
            day_of(axis.from), axis.place(report.judged_at), day_of(axis.until));
}

std::string prospects(Document const& document)
{
    std::string text = "<h3>What ends next</h3>\n";
    if (document.forecast.empty())
        return text
            + R"(<p class="intro">Nothing that is known.</p>)"
              "\n";
    text += R"(<ol class="card forecast">)"
            "\n";
    for (auto const& each : document.forecast)
        text += fmt::format(
            R"(<li><div class="when"><b>{}</b><time datetime="{}">{}</time></div><div><h4>{}</h4><p>{}.</p>)"
            "</div></li>\n",
            relative(each.when, document.report.judged_at), to_text(each.when), minute_of(each.when),
            escaped(each.what), escaped(each.then));
    return text + "</ol>\n";
}

std::string summary(Report const& report)
{
    if (!report.valid_from || !report.valid_until)
        return "Nothing here is authentic, so nothing has a period in which it holds.";
    if (*report.valid_from > *report.valid_until)
        return "There is no time at which all of it holds.";
    return fmt::format("All of it holds from <b>{}</b> to <b>{}</b>. Judged at {}: what follows counts from "
                       "then.",
        minute_of(*report.valid_from), minute_of(*report.valid_until), minute_of(report.judged_at));
}

}  // namespace

std::string validity(Document const& document)
{
    auto text = fmt::format(R"(<section id="validity"><h2>Validity</h2><p class="intro">{}</p>)"
                            "\n",
        summary(document.report));
    if (!document.report.windows.empty())
        text += chart(document.report);
    return text + prospects(document) + "</section>\n";
}

}  // namespace mpc::report::html
