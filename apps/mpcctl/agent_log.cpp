#include "mpcctl/agent_log.h"

#include <fmt/format.h>

#include "mpcctl/agent_calls.h"
#include "mpcctl/event_text.h"
#include "mpcctl/say.h"

namespace mpc::ctl {

namespace {

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
    auto text = event_table(report.log);
    text += fmt::format("\nRTMR3 replayed  {}\nRTMR3 quoted    {}\n",
        report.replayed.ok() ? report.replayed->hex() : report.replayed.error().message(), report.quoted.hex());
    return text
        + (report.equal() ? "equal: the log explains the register (who signed the quote is not looked at here)\n"
                          : "NOT EQUAL: the log does not explain the register\n");
}

std::string as_json(LogReport const& report)
{
    json::Object rtmr3 { { "replayed", report.replayed.ok() ? json::Value(report.replayed->hex()) : json::Value() },
        { "quoted", report.quoted.hex() }, { "equal", report.equal() } };
    if (!report.replayed.ok())
        rtmr3.add("problem", report.replayed.error().message());
    return json::write(json::Object { { "events", events_json(report.log) }, { "rtmr3", std::move(rtmr3) } }) + "\n";
}

Result<ExitCode> run(AgentLogOptions const& options, Interrupt const& interrupt)
{
    auto const agent = TRY(connect(options, interrupt));
    auto const quote = TRY(from_other_side(agent->quote(TRY(fresh_nonce())))
            .remedy("look at the guest agent's own log, and at its version with GET /Version"));
    auto const report = report_on(quote);
    say("{}", options.json ? as_json(report) : as_table(report));
    return report.equal() ? ExitCode::Done : ExitCode::NotTrusted;
}

}  // namespace mpc::ctl
