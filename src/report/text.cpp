#include "report/text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace mpc::report {

namespace {

using attestation::CheckResult;
using attestation::Loosening;
using attestation::Note;
using attestation::Scope;
using attestation::Verdict;

constexpr std::size_t most_readable = 200;

bool is_graphic(std::uint8_t byte) { return byte >= 0x20 && byte < 0x7f; }

}  // namespace

std::string escaped(std::string_view text)
{
    std::string out;
    for (auto const c : printable(text, uncut)) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default: out += c;
        }
    }
    return out;
}

std::string as_plain_text(ByteView payload)
{
    return std::ranges::all_of(payload, is_graphic) ? std::string(as_text(payload).substr(0, most_readable)) : "";
}

std::string readable_part(ByteView payload)
{
    constexpr std::size_t least = 6;
    std::string best;
    std::string run;
    for (std::size_t i = 0; i < payload.size(); ++i) {
        bool const graphic = is_graphic(payload[i]);
        if (graphic)
            run += static_cast<char>(payload[i]);
        bool const utf16 = payload[i] == 0 && i > 0 && is_graphic(payload[i - 1]);
        if (graphic || utf16) {
            if (run.size() > best.size())
                best = run;
            if (best.size() == most_readable)
                return best;
        } else {
            run.clear();
        }
    }
    return best.size() < least ? "" : best;
}

std::string counted(std::size_t count, std::string_view one)
{
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string relative(crypto::Time when, crypto::Time now)
{
    constexpr std::size_t minute = 60;
    constexpr std::size_t hour = 60 * minute;
    constexpr std::size_t day = 24 * hour;
    constexpr std::size_t year = 365 * day;
    auto const seconds = (when - now).count();
    auto const distance = static_cast<std::size_t>(seconds < 0 ? -seconds : seconds);
    if (distance < minute)
        return "now";
    auto const text = distance >= 2 * year ? counted(distance / year, "year")
        : distance >= 2 * day              ? counted(distance / day, "day")
        : distance >= 2 * hour             ? counted(distance / hour, "hour")
                                           : counted(distance / minute, "minute");
    return seconds < 0 ? text + " ago" : "in " + text;
}

std::string verdict_line(attestation::Report const& report)
{
    if (report.verdict == Verdict::Trusted)
        return report.scope == Scope::Node ? "TRUSTED" : "TRUSTED: the platform only; what runs on it was not judged";
    if (auto const* failure = report.first_failure())
        return fmt::format("NOT TRUSTED: {}: {}", name_of(failure->id), clause_of(failure->id));
    auto const* unsettled =
        std::ranges::find_if(report.checks, [](attestation::Check const& check) { return !check.settled; });
    if (unsettled == report.checks.end())
        return "NOT TRUSTED";
    return fmt::format("NOT TRUSTED: {} could not be judged: {}", name_of(unsettled->id), clause_of(unsettled->id));
}

std::string_view sentence_of(Loosening loosening)
{
    switch (loosening) {
    case Loosening::SimulatedRoot:
        return "a root certificate other than Intel's is trusted: this may be a simulation, and proves nothing about "
               "hardware";
    case Loosening::DebugTd: return "a debuggable virtual machine is accepted: its host can read its memory";
    case Loosening::MigratableTd: return "a migratable virtual machine is accepted: it may be moved to another host";
    case Loosening::BoundServiceTd: return "a virtual machine with a service TD bound to it is accepted";
    }
    return "an unknown loosening";
}

std::string_view sentence_of(Note note)
{
    switch (note) {
    case Note::TrailingBytes: return "zeros follow the quote, as dstack's agents pad it";
    case Note::QeAuthenticationLength: return "the quoting enclave's authentication data is not of the usual 32 bytes";
    case Note::QeReportDataTail: return "the second half of the quoting enclave's report data is not zero";
    }
    return "an unknown note";
}

}  // namespace mpc::report
