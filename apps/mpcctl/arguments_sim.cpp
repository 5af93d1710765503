#include "mpcctl/arguments_sim.h"

#include <CLI/CLI.hpp>

namespace mpc::ctl {

namespace {

/// What both have.
template <typename Options>
void add_machine(CLI::App& command, Options& options)
{
    command.add_option("--seed", options.seed, "Decides everything that a real machine has by chance")
        ->capture_default_str();
    command.add_option("--version", options.version, "The version of dstack, from 0.5.0 to 0.6.0")
        ->capture_default_str();
    command
        .add_option("--registry", options.registry,
            "A registry on this machine: seen by CVMs at the same address, and in the place of docker.io")
        ->type_name("127.x.x.x:PORT");
    command.add_option("--image-archive", options.archives, "What `docker save` wrote; loaded at a CVM's first boot")
        ->type_name("FILE")
        ->allow_extra_args(false);
}

}  // namespace

void add_sim_cvm(CLI::App& sim, SimCvmOptions& options, std::function<void()> chosen)
{
    auto* const cvm =
        sim.add_subcommand("cvm", "A CVM that boots an app-compose, until SIGTERM; killed, it loses power");
    cvm->add_option("--directory", options.directory, "The machine: its disk, console and sockets")
        ->type_name("DIR")
        ->required();
    cvm->add_option("--app-compose", options.app_compose, "The app-compose.json, byte for byte")
        ->type_name("FILE")
        ->required();
    cvm->add_option("--user-config", options.user_config, "The unmeasured configuration")->type_name("FILE");
    cvm->add_option("--vcpu", options.vcpu, "Counts for the sealing key only")->capture_default_str();
    cvm->add_option("--memory", options.memory, "In MB; counts for the sealing key only")->capture_default_str();
    cvm->add_option("--os-image", options.os_image, "Counts for the sealing key only")->capture_default_str();
    cvm->add_option("--port", options.ports, "A port of this machine's loopback, and the guest's behind it")
        ->type_name("[127.x.x.x:]PORT:GUEST_PORT")
        ->allow_extra_args(false);
    add_machine(*cvm, options);
    cvm->callback(std::move(chosen));
}

void add_sim_vmm(CLI::App& sim, SimVmmOptions& options, std::function<void()> chosen)
{
    auto* const vmm = sim.add_subcommand("vmm", "dstack-vmm's API in front of simulated CVMs, until SIGTERM");
    vmm->add_option("--listen", options.listen, "unix:PATH, or http://127.0.0.1:PORT")->type_name("URL")->required();
    vmm->add_option("--directory", options.directory, "Where its VMs are kept")->type_name("DIR")->required();
    vmm->add_option("--token", options.token, "What callers must show");
    auto* const user = vmm->add_option("--auth-user", options.auth_user, "Who may call with a password");
    user->needs(vmm->add_option("--auth-password", options.auth_password, "That password")->needs(user));
    vmm->add_option("--os-image", options.os_images, "A guest image that it has (default: dstack-VERSION)")
        ->type_name("NAME")
        ->allow_extra_args(false);
    add_machine(*vmm, options);
    auto const spoil = [&](std::string const& name, simulator::Fault fault, std::string const& text) {
        auto const take = [&options, fault](std::string const& value) {
            options.misbehaviours.emplace_back(fault, value);
        };
        vmm->add_option_function<std::string>(name, take, text)
            ->type_name(fault == simulator::Fault::Delay ? "METHOD=MS[:CALLS]" : "METHOD[:CALLS]")
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
            ->trigger_on_parse()
            ->group("Misbehaviour");
    };
    using simulator::Fault;
    spoil("--fail", Fault::Fail, "Answer 400 without doing the work");
    spoil("--hang", Fault::Hang, "Do the work, never answer");
    spoil("--delay", Fault::Delay, "Do the work, answer late");
    spoil("--drop", Fault::Drop, "Do the work, close without an answer");
    spoil("--drop-before", Fault::DropBefore, "Close without doing the work");
    spoil("--cut", Fault::Cut, "Do the work, cut the answer");
    spoil("--html", Fault::Html, "Answer 200 with an HTML error page");
    vmm->add_option("--lie", options.lies, "Status: says \"running\" of every VM")
        ->type_name("status[:CALLS]")
        ->allow_extra_args(false)
        ->group("Misbehaviour");
    vmm->callback(std::move(chosen));
}

}  // namespace mpc::ctl
