// The only file of mpcctl that sees CLI11. A command is added by a function here and an alternative of Command.
#include "mpcctl/arguments.h"

#include <iostream>

#include <CLI/CLI.hpp>

#include "base/log.h"

namespace mpc::ctl {

namespace {

/// The commands, and the one that was given.
struct CommandLine {
    CLI::App app { "Deploys, watches and verifies an MPC node in a dstack CVM, and simulates what surrounds it.",
        "mpcctl" };
    AgentLogOptions agent_log {};
    SimAgentOptions sim_agent {};
    std::optional<Command> chosen {};
};

void add_agent(CommandLine& line)
{
    auto* const agent = line.app.add_subcommand("agent", "Ask a dstack guest agent")->require_subcommand(1);
    auto* const log = agent->add_subcommand("log", "Its event log, and whether that explains RTMR3 (exit 10 when not)");
    auto& options = line.agent_log;
    log->add_option("--socket", options.socket, "The agent's unix socket")->capture_default_str();
    log->add_option("--timeout", options.timeout_seconds, "Seconds to wait for an answer")
        ->capture_default_str()
        ->check(CLI::Range(1, 3600));
    log->add_flag("--json", options.json, "JSON instead of a table");
    log->callback([&line] { line.chosen = line.agent_log; });
}

/// An option that spoils calls; it can be given more than once.
void add_misbehaviour(CLI::App& command, SimAgentOptions& options, simulator::Fault fault, std::string const& name,
    std::string const& form, std::string const& text)
{
    auto const take = [&options, fault](std::string const& value) { options.misbehaviours.emplace_back(fault, value); };
    command.add_option_function<std::string>(name, take, text)
        ->type_name(form)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->trigger_on_parse()
        ->group("Misbehaviour");
}

void add_sim(CommandLine& line)
{
    auto* const sim = line.app.add_subcommand("sim", "The same world without TDX")->require_subcommand(1);
    auto* const agent =
        sim->add_subcommand("agent", "A guest agent at a unix socket, until SIGTERM; each start is a boot");
    auto& options = line.sim_agent;
    agent->add_option("--socket", options.socket, "Where to listen")->required();
    agent->add_option("--app-compose", options.app_compose, "The app-compose.json of the CVM (default: a small one)");
    agent->add_option("--seed", options.seed, "Decides everything that a real machine has by chance")
        ->capture_default_str();
    agent->add_option("--version", options.version, "The version of dstack, from 0.5.0 to 0.6.0")
        ->capture_default_str();

    using simulator::Fault;
    std::string const of_calls = "METHOD[:CALLS]";
    add_misbehaviour(*agent, options, Fault::Fail, "--fail", of_calls, "Answer 400 without doing the work");
    add_misbehaviour(*agent, options, Fault::Hang, "--hang", of_calls, "Do the work, never answer");
    add_misbehaviour(*agent, options, Fault::Delay, "--delay", "METHOD=MS[:CALLS]", "Do the work, answer late");
    add_misbehaviour(*agent, options, Fault::Drop, "--drop", of_calls, "Do the work, close without an answer");
    add_misbehaviour(*agent, options, Fault::DropBefore, "--drop-before", of_calls, "Close without doing the work");
    add_misbehaviour(*agent, options, Fault::Cut, "--cut", of_calls, "Do the work, cut the answer");
    add_misbehaviour(*agent, options, Fault::Html, "--html", of_calls, "Answer 200 with an HTML error page");
    agent
        ->add_option("--lie", options.lies,
            "EmitEvent: log (does not log), register (does not extend), twice (does both twice), phantom (logs, then "
            "refuses). GetQuote: report-data (quotes other), echo (echoes other)")
        ->type_name("WHAT[:CALLS]")
        ->allow_extra_args(false)
        ->group("Misbehaviour");
    agent->callback([&line] { line.chosen = line.sim_agent; });
}

}  // namespace

Result<std::optional<Command>> parse_arguments(int count, char const* const* values)
{
    CommandLine line;
    line.app.set_version_flag("--version", "mpcctl " MPC_VERSION);
    line.app.require_subcommand(1);
    add_agent(line);
    add_sim(line);
    try {
        line.app.parse(count, values);
    } catch (CLI::Success const& asked) {
        line.app.exit(asked, std::cout);
        return std::optional<Command>();
    } catch (CLI::Error const& error) {
        return Error(ErrorKind::Invalid, printable(error.what()))
            .exit_as(mpc::ExitCode::Usage)
            .remedy("see mpcctl --help, and mpcctl COMMAND --help");
    }
    return line.chosen;
}

}  // namespace mpc::ctl
