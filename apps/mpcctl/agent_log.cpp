#include "mpcctl/agent_log.h"

#include <algorithm>
#include <unistd.h>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/log.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t payload_width = 72;

std::string name_of(evidence::Event const& event)
{
    return event.name.empty() ? fmt::format("type {:#010x}", event.type) : printable(event.name, 60);
}

/// Text where a payload is text, hex where not; cut to fit a line. Of boot events, whose payload is mostly stripped,
/// the digest.
std::string payload_of(evidence::Event const& event)
{
    if (event.imr != 3)
        return "digest " + (event.digest ? to_hex(*event.digest).substr(0, 32) : "missing");
    bool const is_text = std::ranges::all_of(event.payload, [](auto byte) { return byte >= 0x20 && byte < 0x7f; });
    auto text = is_text ? std::string(as_text(event.payload)) : to_hex(event.payload);
    if (text.size() > payload_width)
        text = text.substr(0, payload_width - 3) + "...";
    return text;
}

json::Value event_json(evidence::Event const& event)
{
    auto const digest =
        event.imr == 3 ? evidence::runtime_event_digest(event.name, event.payload) : event.digest.value_or(Sha384 {});
    return json::Object { { "imr", event.imr }, { "event_type", event.type }, { "digest", to_hex(digest) },
        { "event", event.name }, { "event_payload", to_hex(event.payload) } };
}

/// Fresh, so that an answer that was stored earlier does not pass.
Result<dstack::ReportData> nonce()
{
    dstack::ReportData nonce {};
    if (getentropy(nonce.data(), nonce.size()) != 0)
        return Error(ErrorKind::Internal, "getentropy: " + errno_text());
    return nonce;
}

Result<std::unique_ptr<dstack::Agent>> connect(AgentLogOptions const& options, Interrupt const& interrupt)
{
    auto agent = dstack::Agent::connect(options.socket, interrupt, std::chrono::seconds(options.timeout_seconds));
    if (agent.ok())
        return agent;
    // What connect() says is for the launcher, which cannot do without an agent.
    auto const what =
        agent.error().kind() == ErrorKind::NotFound ? "nothing is there" : "no socket, or none to be opened";
    return Error(ErrorKind::Unreachable, fmt::format("no guest agent at {}: {}", options.socket.string(), what))
        .remedy("run this in a dstack CVM, or give --socket the socket of `mpcctl sim agent`");
}

}  // namespace

LogReport report_on(dstack::Quote const& quote)
{
    return { .log = quote.log, .quoted = quote.view.rtmrs[3], .replayed = evidence::replay_rtmr3(quote.log) };
}

std::string as_table(LogReport const& report)
{
    std::size_t width = 5;
    for (auto const& event : report.log)
        width = std::max(width, name_of(event).size());
    auto text = fmt::format("RTMR  {:{}}  payload\n", "event", width);
    for (auto const& event : report.log)
        text += fmt::format("{:<4}  {:{}}  {}\n", event.imr, name_of(event), width, payload_of(event));
    text += fmt::format("\nRTMR3 replayed  {}\nRTMR3 quoted    {}\n",
        report.replayed.ok() ? report.replayed->hex() : report.replayed.error().message(), report.quoted.hex());
    return text
        + (report.equal() ? "equal: the log explains the register (who signed the quote is not looked at here)\n"
                          : "NOT EQUAL: the log does not explain the register\n");
}

std::string as_json(LogReport const& report)
{
    json::Array events;
    std::ranges::transform(report.log, std::back_inserter(events), event_json);
    json::Object rtmr3 { { "replayed", report.replayed.ok() ? json::Value(report.replayed->hex()) : json::Value() },
        { "quoted", report.quoted.hex() }, { "equal", report.equal() } };
    if (!report.replayed.ok())
        rtmr3.add("problem", report.replayed.error().message());
    return json::write(json::Object { { "events", std::move(events) }, { "rtmr3", std::move(rtmr3) } }) + "\n";
}

Result<ExitCode> run(AgentLogOptions const& options, Interrupt const& interrupt)
{
    auto const agent = TRY(connect(options, interrupt));
    auto const quote = TRY(from_other_side(agent->quote(TRY(nonce())))
            .remedy("look at the guest agent's own log, and at its version with GET /Version"));
    auto const report = report_on(quote);
    fmt::print("{}", options.json ? as_json(report) : as_table(report));
    return report.equal() ? ExitCode::Done : ExitCode::NotTrusted;
}

}  // namespace mpc::ctl
