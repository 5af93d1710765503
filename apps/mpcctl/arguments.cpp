// The only file of mpcctl that sees CLI11. A command is added by a function here and an alternative of Command.
#include "mpcctl/arguments.h"

#include <algorithm>
#include <iostream>
#include <ranges>

#include <CLI/CLI.hpp>

#include "base/command_line.h"
#include "base/log.h"
#include "config/nearest.h"
#include "mpcctl/arguments_deploy.h"
#include "mpcctl/arguments_image.h"
#include "mpcctl/arguments_sim.h"

namespace mpc::ctl {

namespace {

/// The commands, and the one that was given.
struct CommandLine {
    CLI::App app { "Deploys, watches and verifies an MPC node in a dstack CVM, and simulates what surrounds it.",
        "mpcctl" };
    VerifyOptions verify {};
    PredictOptions predict {};
    AgentLogOptions agent_log {};
    SimAgentOptions sim_agent {};
    SimEvidenceOptions sim_evidence {};
    SimCvmOptions sim_cvm {};
    SimVmmOptions sim_vmm {};
    ComposeRenderOptions compose_render {};
    AppComposeOptions app_compose {};
    ApprovedOptions approved {};
    ApproveOptions approve {};
    DeployCommands deploy {};
    ImageCommands image {};
    std::optional<Command> chosen {};
};

void add_evidence(CLI::App& command, EvidenceOptions& options)
{
    auto* const public_data = command.add_option("--public-data", options.public_data,
        "A node's public data: URL (http://NODE:8080/public_data) or file");
    auto* const agent = command.add_option("--agent", options.agent, "A live dstack guest agent: unix socket, or URL")
                            ->excludes(public_data);
    command.add_option("--quote", options.quote, "A quote: binary, hex, or JSON list of byte values")
        ->excludes(public_data)
        ->excludes(agent);
    command.add_option("--tcb-info", options.tcb_info, "dstack's tcb_info, as JSON: event log and app-compose");
    command.add_option("--event-log", options.event_log, "The event log, as JSON");
    command.add_option("--app-compose", options.app_compose, "The app-compose.json, byte for byte");
    command.add_option("--node-keys", options.node_keys, "The node's public keys, as JSON like its public data");
    command.add_option("--receipt", options.receipt, "The launch receipt that the quote is for, byte for byte");
    command.add_option("--predicted", options.predicted, "What `mpcctl predict --json` printed for the deployment");
    command.add_option("--tls-ca", options.tls_ca, "PEM file of whom to trust for https, instead of the system's");
    command.add_option("--timeout", options.timeout_seconds, "Seconds to wait for the node or agent")
        ->capture_default_str()
        ->check(CLI::Range(1, 3600));
    for (auto* const option : command.get_options())
        option->group("Evidence");
}

void add_collateral(CLI::App& command, CollateralInput& options)
{
    auto const group = "Collateral (default: that of the public data, or fetched)";
    command.add_option("--collateral", options.file, "Intel's collateral as JSON (QuoteCollateralV3)")->group(group);
    command
        .add_option("--pccs", options.endpoints, "Fetch from here, in this order (default: Intel's PCS, then Phala's)")
        ->type_name("URL[,ca=FILE][,insecure]")
        ->allow_extra_args(false)
        ->group(group);
    command.add_flag("--fetch", options.fetch, "Fetch, although the public data brings its own")->group(group);
    command.add_flag("--offline", options.offline, "No network for collateral: only what is cached")->group(group);
    command
        .add_option("--cache", options.cache, "Where fetched collateral is kept (default: ~/.cache/mpcctl/collateral)")
        ->group(group);
    command.add_option("--save-collateral", options.save, "Write the fetched collateral here")->group(group);
}

void add_policy(CLI::App& command, PolicyOptions& options)
{
    auto const group = "Policy (what is not allowed is refused)";
    command.add_option("--policy", options.file, "Policy file, TOML")->group(group);
    command.add_option("--image-digest", options.image_digests, "Allow this node image")
        ->type_name("DIGEST")
        ->allow_extra_args(false)
        ->group(group);
    command.add_option("--launcher-compose", options.launcher_composes, "Allow this launcher compose file")
        ->type_name("FILE")
        ->allow_extra_args(false)
        ->group(group);
    command.add_option("--measurements", options.measurements, "Accept what this tcb_info file measures to")
        ->type_name("FILE")
        ->allow_extra_args(false)
        ->group(group);
    command.add_option("--allow-simulated", options.simulated_root, "Trust this root certificate, NOT Intel's")
        ->type_name("FILE")
        ->group(group);
    command.add_flag("--platform-only", options.platform_only, "Judge Intel's part only, not what runs there")
        ->group(group);
}

void add_verify(CommandLine& line)
{
    auto* const verify =
        line.app.add_subcommand("verify", "Whether a node is to be trusted, and why (exit 10 when not)");
    auto& options = line.verify;
    add_evidence(*verify, options.evidence);
    add_collateral(*verify, options.collateral);
    add_policy(*verify, options.policy);
    verify->add_option("--batch", options.batch, "A directory of nodes' evidence, instead of one")->type_name("DIR");
    verify->add_option("--jobs", options.jobs, "Of a batch, so many at a time (default: one for each processor)")
        ->check(CLI::Range(1, 256));
    verify->add_option("--at", options.at, "Judge at this time, 2026-08-13T12:00:00Z or Unix seconds (default: now)")
        ->type_name("TIME");
    verify->add_option("--submitted-at", options.submitted_at, "When the network got the attestation, for the forecast")
        ->type_name("TIME");
    verify->add_option("--image-deadline", options.image_deadline, "Until when the image is allowed, for the forecast")
        ->type_name("TIME");
    verify->add_option("--html", options.html, "Also write the report as a page")->type_name("FILE");
    verify->add_flag("--json", options.json, "JSON instead of a table");
    verify->callback([&line] { line.chosen = line.verify; });
}

void add_predict(CommandLine& line)
{
    auto* const predict = line.app.add_subcommand("predict", "The RTMR3 that a deployment will have");
    auto& options = line.predict;
    predict->add_option("--app-compose", options.app_compose, "The app-compose.json, byte for byte")
        ->type_name("FILE")
        ->required();
    predict->add_option("--compose", options.compose, "The launcher's compose file, which app-compose must hold")
        ->type_name("FILE");
    predict->add_option("--image-digest", options.image_digest, "The node's image")->type_name("DIGEST")->required();
    predict->add_option("--dstack-version", options.dstack_version, "The version of the guest image, such as 0.5.8")
        ->type_name("VERSION")
        ->required();
    predict->add_option("--key-provider", options.key_provider, "Its MRENCLAVE in hex, or the event's JSON payload")
        ->type_name("ID")
        ->required();
    predict->add_option("--instance-id", options.instance_id, "Unless app-compose says no_instance_id")
        ->type_name("HEX");
    predict->add_flag("--json", options.json, "JSON instead of a table");
    predict->callback([&line] { line.chosen = line.predict; });
}

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

void add_sim_evidence(CommandLine& line, CLI::App& sim)
{
    auto* const evidence = sim.add_subcommand("evidence", "A node's evidence as files, right or wrong in one way");
    auto& options = line.sim_evidence;
    evidence->add_option("--output", options.output, "Write the files here")->type_name("DIR");
    evidence->add_option("--defect", options.defect, "What is to be wrong: a name of --list-defects")
        ->type_name("NAME");
    evidence->add_option("--seed", options.seed, "Decides everything that a real machine has by chance")
        ->capture_default_str();
    evidence->add_option("--at", options.at, "When it holds, as 2026-08-13T12:00:00Z (default: now)")
        ->type_name("TIME");
    evidence->add_option("--shape", options.shape, "Of the quote: v4, v5-td10 or v5-td15")->capture_default_str();
    evidence->add_flag("--list-defects", options.list, "Print what can be wrong, and which check must fail for it");
    evidence->add_flag("--json", options.json, "JSON instead of text");
    evidence->callback([&line] { line.chosen = line.sim_evidence; });
}

void add_sim(CommandLine& line)
{
    auto* const sim = line.app.add_subcommand("sim", "The same world without TDX")->require_subcommand(1);
    add_sim_evidence(line, *sim);
    add_sim_cvm(*sim, line.sim_cvm, [&line] { line.chosen = line.sim_cvm; });
    add_sim_vmm(*sim, line.sim_vmm, [&line] { line.chosen = line.sim_vmm; });
    auto* const agent =
        sim->add_subcommand("agent", "A guest agent at a unix socket, until SIGTERM; each start is a boot");
    auto& options = line.sim_agent;
    agent->add_option("--socket", options.socket, "Where to listen")->required();
    agent->add_option("--app-compose", options.app_compose, "The app-compose.json of the CVM (default: a small one)");
    agent->add_option("--seed", options.seed, "Decides everything that a real machine has by chance")
        ->capture_default_str();
    agent->add_option("--version", options.version, "The version of dstack, from 0.5.0 to 0.6.0")
        ->capture_default_str();
    agent->add_option("--trust", options.trust, "Write what verify and predict need for this machine here")
        ->type_name("DIR");
    agent->add_option("--at", options.at, "When that collateral is current, as 2026-08-13T12:00:00Z (default: now)")
        ->type_name("TIME");

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

void add_compose(CommandLine& line)
{
    auto* const compose = line.app.add_subcommand("compose", "The launcher's compose file")->require_subcommand(1);
    auto* const render = compose->add_subcommand("render", "Fill two digests into its template, byte for byte");
    auto& options = line.compose_render;
    render
        ->add_option("--template", options.template_file, "The network's template, or deployment/launcher-compose.yaml")
        ->type_name("FILE")
        ->required();
    render->add_option("--launcher-digest", options.launcher_digest, "For {{LAUNCHER_IMAGE_HASH}}")
        ->type_name("DIGEST");
    render->add_option("--image-digest", options.image_digest, "For {{DEFAULT_IMAGE_DIGEST_HASH}}")
        ->type_name("DIGEST");
    auto* const output = render->add_option("--output", options.output, "Where it goes (default: standard output)");
    output->type_name("FILE");
    render->add_flag("--json", options.json, "The hash as JSON")->needs(output);
    render->callback([&line] { line.chosen = line.compose_render; });
}

/// Named as those of dstack's `vmm-cli.py compose`.
void add_app_compose_choices(CLI::App& command, dstack::AppComposeOptions& chosen)
{
    command.add_option("--name", chosen.name, "Of the app")->required();
    command.add_flag("--kms", chosen.kms_enabled, "Keys from a KMS");
    command.add_flag("--gateway", chosen.gateway_enabled, "Enable dstack's gateway");
    command.add_flag("--local-key-provider", chosen.local_key_provider_enabled, "Keys from an enclave on the host");
    command.add_option("--key-provider-id", chosen.key_provider_id, "Only this key provider")->type_name("HEX");
    command.add_flag("--public-logs", chosen.public_logs, "Anybody may read the containers' logs");
    command.add_flag("--public-sysinfo", chosen.public_sysinfo, "Anybody may read the system's state");
    command.add_flag("--no-instance-id", chosen.no_instance_id, "Equal deployments are one instance");
    command.add_flag("--secure-time", chosen.secure_time, "Boot only with the clock set by NTS");
    command.add_option("--event-log-version", chosen.event_log_version, "1 or 2")
        ->capture_default_str()
        ->check(CLI::IsMember({ 1, 2 }));
}

void add_app_compose(CommandLine& line)
{
    auto* const command =
        line.app.add_subcommand("app-compose", "app-compose.json as dstack writes it, and its hashes");
    auto& options = line.app_compose;
    add_app_compose_choices(*command, options.chosen);
    command->add_option("--docker-compose", options.docker_compose, "The compose file, byte for byte")
        ->type_name("FILE")
        ->required();
    command->add_option("--prelaunch-script", options.prelaunch_script, "To be run before the containers")
        ->type_name("FILE");
    command->add_option("--env-file", options.env_file, "The names in it are allowed (needs --kms)")->type_name("FILE");
    command->add_option("--key-provider", options.key_provider, "none, kms, local or tpm; wins over the two flags");
    command->add_option("--swap", options.swap, "Such as 4G; 0 for none")->type_name("SIZE");
    auto* const output = command->add_option("--output", options.output, "Where it goes (default: standard output)");
    output->type_name("FILE");
    command->add_flag("--strict", options.strict, "Refuse what the network or dstack will refuse");
    command->add_flag("--json", options.json, "The hashes as JSON")->needs(output);
    command->callback([&line] { line.chosen = line.app_compose; });
}

void add_approved(CommandLine& line)
{
    auto* const command = line.app.add_subcommand("approved", "What the network's contract allows, newest first");
    auto& options = line.approved;
    command->add_option("--contract", options.contract, "Its account on NEAR")->type_name("ACCOUNT")->required();
    command->add_option("--rpc", options.endpoints, "A JSON-RPC endpoint; several are asked in this order")
        ->type_name("URL")
        ->required();
    command->add_option("--tls-ca", options.tls_ca, "PEM file of whom to trust for https, instead of the system's")
        ->type_name("FILE");
    command->add_option("--timeout", options.timeout_seconds, "Seconds to wait for each answer")
        ->capture_default_str()
        ->check(CLI::Range(1, 3600));
    command->add_option("--at", options.at, "Judge deadlines at this time (default: now)")->type_name("TIME");
    command->add_flag("--json", options.json, "JSON instead of a table");
    command->callback([&line] { line.chosen = line.approved; });
}

void add_approve(CommandLine& line)
{
    auto* const command = line.app.add_subcommand("approve", "Write an approved-digests file, as a node does");
    auto& options = line.approve;
    command->add_option("--output", options.output, "Such as image-digest.bin in the launcher's shared directory")
        ->type_name("FILE")
        ->required();
    command->add_option("digests", options.digests, "The newest first")->type_name("DIGEST")->required();
    command->add_flag("--json", options.json, "JSON instead of a sentence");
    command->callback([&line] { line.chosen = line.approve; });
}

/// That the words up to the first option, the last first, are commands. CLI11 says of another one only that a command
/// is missing.
Result<void> check_commands(CLI::App const& app, std::vector<std::string> const& words)
{
    auto const* at = &app;
    for (auto const& word : words | std::views::reverse) {
        auto const commands = at->get_subcommands([](CLI::App const*) { return true; });
        if (commands.empty() || word.starts_with('-'))
            return ok;
        auto const found = std::ranges::find(commands, word, [](CLI::App const* one) { return one->get_name(); });
        if (found == commands.end()) {
            std::vector<std::string> names;
            std::ranges::transform(commands, std::back_inserter(names),
                [](auto const* one) { return one->get_name(); });
            std::vector<std::string_view> const known(names.begin(), names.end());
            auto const above = at == &app ? "mpcctl" : "mpcctl " + at->get_name();
            auto const shown = printable(word, 40);
            return Error(ErrorKind::Invalid, "there is no command " + above + " " + shown)
                .exit_as(mpc::ExitCode::Usage)
                .remedy("the nearest is " + above + " " + std::string(config::nearest(shown, known).name) + "; see "
                    + above + " --help for all");
        }
        at = *found;
    }
    return ok;
}

}  // namespace

Result<std::optional<Command>> parse_arguments(int count, char const* const* values)
{
    CommandLine line;
    line.app.set_version_flag("--version", "mpcctl " MPC_VERSION);
    line.app.require_subcommand(1);
    add_verify(line);
    add_predict(line);
    add_agent(line);
    add_sim(line);
    add_compose(line);
    add_app_compose(line);
    add_approved(line);
    add_approve(line);
    add_deploy_commands(line.app, line.deploy, line.chosen);
    add_image_commands(line.app, line.image, line.chosen);
    auto words = command_line_words(count, values);
    TRY(check_commands(line.app, words));
    try {
        line.app.parse(std::move(words));
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
