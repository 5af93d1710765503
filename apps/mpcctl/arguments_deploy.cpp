// Beside arguments.cpp the only file of mpcctl that sees CLI11.
#include "mpcctl/arguments_deploy.h"

#include <CLI/CLI.hpp>

namespace mpc::ctl {

namespace {

/// All but --context.
void add_vmm_access(CLI::App& command, VmmOptions& options)
{
    auto const group = "The VMM";
    auto const is_address = [](std::string const& text) {
        auto const checked = vmm::check_address(text);
        return checked.ok() ? "" : checked.error().message() + "; " + checked.error().remedy();
    };
    command.add_option("--vmm", options.choice.address, "Where it listens (DSTACK_VMM_URL)")
        ->type_name("URL|unix:PATH")
        ->check(is_address)
        ->group(group);
    command.add_option("--token-file", options.choice.token_file, "A file that holds its token (DSTACK_VMM_TOKEN)")
        ->type_name("FILE")
        ->group(group);
    auto* const ca =
        command
            .add_option("--tls-ca", options.choice.ca, "PEM file of whom to trust for https, instead of the system's")
            ->type_name("FILE")
            ->group(group);
    command.add_flag("--insecure", options.choice.insecure, "Believe whoever answers, and send the token without TLS")
        ->excludes(ca)
        ->group(group);
    command.add_option("--config", options.config, "Instead of ~/.config/mpcctl/config.toml")
        ->type_name("FILE")
        ->group(group);
    command.add_option("--timeout", options.timeout_seconds, "Seconds for each call")
        ->capture_default_str()
        ->check(CLI::Range(1, 3600))
        ->group(group);
}

void add_vmm(CLI::App& command, VmmOptions& options)
{
    add_vmm_access(command, options);
    command.add_option("--context", options.choice.context, "A host of the configuration file")
        ->type_name("NAME")
        ->excludes(command.get_option("--vmm"))
        ->group("The VMM");
}

void add_vm(CLI::App& command, std::string& vm)
{
    command.add_option("vm", vm, "Name, id or the first eight characters of an id")->type_name("VM")->required();
}

void add_wait(CLI::App& command, int& seconds)
{
    command.add_option("--wait", seconds, "Seconds to wait until it has happened")
        ->capture_default_str()
        ->check(CLI::Range(1, 86400));
}

void add_json(CLI::App& command, bool& json) { command.add_flag("--json", json, "JSON instead of text"); }

/// What a verification accepts is worth nothing where nothing is verified.
void check_health(HealthOptions const& options)
{
    if (!options.verifies() && (options.policy.file || options.collateral.file))
        throw CLI::RequiresError(options.policy.file ? "--policy" : "--collateral", "--public-data or --agent");
}

/// Makes the command the chosen one when it is given.
template <typename Options>
void choose(CLI::App& command, Options const& options, std::optional<Command>& chosen)
{
    command.callback([&options, &chosen] {
        if constexpr (requires { options.health; })
            check_health(options.health);
        chosen = options;
    });
}

void add_deployment(CLI::App& command, DeploymentInput& input)
{
    auto* const file = command.add_option("--file", input.file, "The deployment, TOML")->type_name("FILE");
    auto* const env_file =
        command.add_option("--env-file", input.env_file, "Instead of it, the env file of deploy-launcher.sh")
            ->type_name("FILE")
            ->excludes(file);
    command.add_option("--template", input.compose_template, "With an env file: the launcher's compose template")
        ->type_name("FILE")
        ->needs(env_file);
}

void add_plan(CLI::App& app, DeployCommands& commands, std::optional<Command>& chosen)
{
    auto* const command = app.add_subcommand("plan", "What a deployment would change, and whether the disk survives");
    auto& options = commands.plan;
    add_deployment(*command, options.deployment);
    add_json(*command, options.json);
    add_vmm(*command, options.vmm);
    choose(*command, options, chosen);
}

void add_health(CLI::App& command, HealthOptions& options, std::string const& policy_text)
{
    auto const group = "The node's health";
    command
        .add_option("--launcher-log", options.launcher_log,
            "The launcher's log (default: the VM's forwarded port 8090)")
        ->type_name("URL")
        ->group(group);
    auto* const public_data =
        command.add_option("--public-data", options.evidence.public_data, "Verify the node's public data as well")
            ->type_name("URL")
            ->group(group);
    command.add_option("--agent", options.evidence.agent, "Verify through the guest's agent, with a fresh nonce")
        ->type_name("URL|SOCKET")
        ->excludes(public_data)
        ->group(group);
    command.add_option("--policy", options.policy.file, policy_text)->type_name("FILE")->group(group);
    command.add_option("--collateral", options.collateral.file, "Intel's collateral for it")
        ->type_name("FILE")
        ->group(group);
}

void add_deploy(CLI::App& app, DeployCommands& commands, std::optional<Command>& chosen)
{
    auto* const command = app.add_subcommand("deploy", "Make or change a VM so that it is as its deployment says");
    auto& options = commands.deploy;
    add_deployment(*command, options.deployment);
    command->add_flag("--accept-data-loss", options.accept_data_loss, "Go on although the old disk cannot be opened");
    command->add_flag("--yes", options.yes, "Do not ask");
    command->add_option("--wait", options.wait_seconds, "Seconds to wait until the node is well")
        ->capture_default_str()
        ->check(CLI::Range(1, 86400));
    command->add_option("--record", options.record, "Keep app-compose and launcher compose here (default: .)")
        ->type_name("DIR");
    add_health(*command, options.health,
        "What that verification accepts; where it lists no image: the override's, or on a new disk the deployment's");
    add_json(*command, options.json);
    add_vmm(*command, options.vmm);
    choose(*command, options, chosen);
}

void add_fetch(CLI::App& command, FetchOptions& options)
{
    auto const group = "The registry";
    auto* const skip = command
                           .add_flag("--no-fetch-check", options.skip,
                               "Do not ask it for the image: only the VM can reach it, or has the image")
                           ->group(group);
    command.add_option("--docker-config", options.docker_config, "config.json with its credentials (auths)")
        ->type_name("FILE")
        ->excludes(skip)
        ->group(group);
    command.add_option("--registry-ca", options.registry_ca, "PEM file of whom to trust, instead of the system's")
        ->type_name("FILE")
        ->excludes(skip)
        ->group(group);
}

void add_upgrade(CLI::App& app, DeployCommands& commands, std::optional<Command>& chosen)
{
    auto* const command =
        app.add_subcommand("upgrade", "Another image for a node, or back to the one it had (exit 11)");
    auto& options = commands.upgrade;
    auto* const vm =
        command->add_option("vm", options.vm, "Name, id or the first eight characters of an id")->type_name("VM");
    command->add_flag("--all", options.all, "Every node of the hosts that are named, one after the other")
        ->excludes(vm);
    command->add_option("--to", options.to, "The image (default: the newest that the contract allows)")
        ->type_name("DIGEST");
    auto* const rpc = command->add_option("--rpc", options.approved.endpoints, "NEAR JSON-RPC endpoint for it")
                          ->type_name("URL")
                          ->allow_extra_args(false);
    rpc->needs(command
            ->add_option("--contract", options.approved.contract, "The network's contract, which must allow the image")
            ->type_name("ACCOUNT")
            ->needs(rpc));
    command->add_option("--user-config", options.user_config, "The whole new user_config, instead of the old one")
        ->type_name("FILE");
    add_fetch(*command, options.fetch);
    command->add_option("--stop-timeout", options.stop_seconds, "Seconds that the guest may take to end")
        ->capture_default_str()
        ->check(CLI::Range(1, 86400));
    command->add_flag("--force-stop", options.force_stop, "Then cut its power, instead of giving up");
    command->add_option("--health-timeout", options.health_seconds, "Seconds that the node may take to be well")
        ->capture_default_str()
        ->check(CLI::Range(1, 86400));
    command->add_option("--state", options.state, "Where it is remembered (default: ~/.local/state/mpcctl/upgrades)")
        ->type_name("DIR");
    command->add_flag("--unseen", options.unseen, "Although nothing would tell whether the node gets well");
    command->add_flag("--back", options.back, "Take the upgrade that is under way back");
    command->add_flag("--take-over", options.take_over, "Although another upgrade has claimed the VM");
    command->add_flag("--yes", options.yes, "Do not ask");
    add_health(*command, options.health, "What that verification accepts, but for the image, which is the new one");
    add_json(*command, options.json);
    add_vmm_access(*command, options.vmm);
    command->add_option("--context", options.contexts, "A host of the configuration file; with --all again for more")
        ->type_name("NAME")
        ->allow_extra_args(false)
        ->excludes(command->get_option("--vmm"))
        ->group("The VMM");
    choose(*command, options, chosen);
}

void add_list(CLI::App& app, DeployCommands& commands, std::optional<Command>& chosen)
{
    auto* const command = app.add_subcommand("list", "The VMs of a VMM");
    add_json(*command, commands.list.json);
    add_vmm(*command, commands.list.vmm);
    choose(*command, commands.list, chosen);
}

void add_status(CLI::App& app, DeployCommands& commands, std::optional<Command>& chosen)
{
    auto* const command = app.add_subcommand("status", "One VM in full, with the events of its boot");
    add_vm(*command, commands.status.vm);
    add_json(*command, commands.status.json);
    add_vmm(*command, commands.status.vmm);
    choose(*command, commands.status, chosen);
}

void add_logs(CLI::App& app, DeployCommands& commands, std::optional<Command>& chosen)
{
    auto* const command = app.add_subcommand("logs", "What a VM has written to its console");
    auto& options = commands.logs;
    add_vm(*command, options.vm);
    command->add_flag("-f,--follow", options.follow, "And what it will write, until a signal");
    command->add_option("-n,--lines", options.lines, "The last so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 100000));
    command->add_option("--channel", options.channel, "serial (the guest), stdout or stderr (the VM's process)")
        ->capture_default_str()
        ->check(CLI::IsMember({ "serial", "stdout", "stderr" }));
    command->add_flag_callback(
        "--json", [&options] { options.form = LogForm::Json; }, "A JSON object for each line, {\"line\": TEXT}");
    add_vmm(*command, options.vmm);
    choose(*command, options, chosen);
}

void add_control(CLI::App& app, DeployCommands& commands, std::optional<Command>& chosen)
{
    auto* const start = app.add_subcommand("start", "Start a VM");
    auto* const stop = app.add_subcommand("stop", "Ask a VM to end, and wait until it has");
    stop->add_flag("--force", commands.stop.force, "Cut its power instead");
    auto* const remove = app.add_subcommand("remove", "Delete a VM with its disk");
    remove->add_flag("--yes", commands.remove.yes, "Do not ask for its name");
    auto const add = [&chosen](CLI::App& command, auto& options) {
        add_vm(command, options.vm);
        add_wait(command, options.wait_seconds);
        add_json(command, options.json);
        add_vmm(command, options.vmm);
        choose(command, options, chosen);
    };
    add(*start, commands.start);
    add(*stop, commands.stop);
    add(*remove, commands.remove);
}

void add_doctor(CLI::App& app, DeployCommands& commands, std::optional<Command>& chosen)
{
    auto* const command = app.add_subcommand("doctor", "What this machine lacks, each with its remedy");
    auto& options = commands.doctor;
    add_deployment(*command, options.deployment);
    command->add_option("--pccs", options.pccs, "A collateral service (default: Intel's PCS and Phala's)")
        ->type_name("URL[,ca=FILE][,insecure]")
        ->allow_extra_args(false);
    auto* const offline = command->add_flag("--offline", options.offline, "Ask nobody but VMMs");
    auto* const rpc = command->add_option("--rpc", options.approved.endpoints, "NEAR JSON-RPC endpoint for --contract")
                          ->type_name("URL")
                          ->allow_extra_args(false)
                          ->excludes(offline);
    rpc->needs(command
            ->add_option("--contract", options.approved.contract, "The network's contract, to see that it answers")
            ->type_name("ACCOUNT")
            ->needs(rpc));
    auto* const host = command->add_flag("--host", options.host, "Examine this machine as a host of CVMs, too");
    auto const group = "The host";
    command->add_option("--root", options.host_options.root, "Where its files are seen (default: /)")
        ->type_name("DIR")
        ->needs(host)
        ->group(group);
    command->add_option("--qemu", options.host_options.qemu, "Its QEMU (default: qemu-system-x86_64 in PATH)")
        ->type_name("FILE")
        ->needs(host)
        ->group(group);
    command
        ->add_option("--qemu-version", options.host_options.qemu_version,
            "That the accepted measurements are made with")
        ->capture_default_str()
        ->needs(host)
        ->group(group);
    command->add_option("--key-provider", options.host_options.key_provider, "The key provider's port")
        ->type_name("PORT")
        ->capture_default_str()
        ->check(CLI::Range(1, 65535))
        ->needs(host)
        ->group(group);
    add_json(*command, options.json);
    add_vmm(*command, options.vmm);
    choose(*command, options, chosen);
}

}  // namespace

void add_deploy_commands(CLI::App& app, DeployCommands& commands, std::optional<Command>& chosen)
{
    add_plan(app, commands, chosen);
    add_deploy(app, commands, chosen);
    add_upgrade(app, commands, chosen);
    add_list(app, commands, chosen);
    add_status(app, commands, chosen);
    add_logs(app, commands, chosen);
    add_control(app, commands, chosen);
    add_doctor(app, commands, chosen);
}

}  // namespace mpc::ctl
