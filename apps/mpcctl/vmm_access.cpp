#include "mpcctl/vmm_access.h"

#include <cstdlib>
#include <poll.h>
#include <unistd.h>

#include "base/user_directory.h"
#include "mpcctl/say.h"

namespace mpc::ctl {

namespace {

std::optional<std::string> variable(char const* name)
{
    auto const* const value = std::getenv(name);
    return value && *value ? std::optional<std::string>(value) : std::nullopt;
}

json::Value configuration_json(vmm::Configuration const& configuration)
{
    json::Array ports;
    for (auto const& port : configuration.ports)
        ports.emplace_back(vmm::to_text(port));
    return json::Object { { "image", configuration.image }, { "vcpu", configuration.vcpu },
        { "memory_mb", configuration.memory_mb }, { "disk_gb", configuration.disk_gb }, { "ports", std::move(ports) },
        { "compose_hash", to_hex(sha256({ as_bytes(configuration.compose_file) })) } };
}

/// A line that somebody types. Signals are taken as a descriptor, so they would not end a read that blocks.
Result<std::string> read_line(Interrupt const& interrupt)
{
    constexpr std::size_t longest = 4096;
    std::string line;
    while (line.size() < longest) {
        pollfd waited[] = { { .fd = STDIN_FILENO, .events = POLLIN, .revents = 0 },
            { .fd = interrupt.fd(), .events = POLLIN, .revents = 0 } };
        if (poll(waited, std::size(waited), -1) < 0 && errno == EINTR)
            continue;
        if (interrupt.raised())
            return Error(ErrorKind::Interrupted,
                "asked to end by a signal before there was an answer: nothing was done")
                .remedy("run it again when you want it done");
        char piece[256];
        auto const count = read(STDIN_FILENO, piece, sizeof piece);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        line.append(piece, static_cast<std::size_t>(count));
        if (auto const end = line.find('\n'); end != std::string::npos)
            return line.substr(0, end);
    }
    return line;
}

}  // namespace

std::optional<std::filesystem::path> configuration_file(VmmOptions const& options)
{
    if (options.config)
        return options.config;
    auto const directory = user_directory("XDG_CONFIG_HOME", ".config");
    return directory ? std::optional(*directory / "mpcctl" / "config.toml") : std::nullopt;
}

Result<vmm::Contexts> contexts_of(VmmOptions const& options)
{
    if (options.config && !std::filesystem::exists(*options.config))
        return Error(ErrorKind::NotFound, "--config: there is no file " + options.config->string())
            .remedy("give the path of a configuration file, or leave --config away");
    auto const file = configuration_file(options);
    return file ? vmm::read_contexts(*file) : vmm::Contexts();
}

Result<vmm::Endpoint> endpoint_of(VmmOptions const& options)
{
    auto endpoint = TRY(vmm::resolve(options.choice, TRY(contexts_of(options)), variable));
    endpoint.timeout = std::chrono::seconds(options.timeout_seconds);
    return endpoint;
}

Result<vmm::Client> client_of(VmmOptions const& options, Interrupt const& interrupt)
{
    return vmm::Client::make(TRY(endpoint_of(options)), interrupt);
}

Result<vmm::VmInfo> vm_named(vmm::Client& client, std::string const& name)
{
    auto const vm = TRY(vmm::find_vm(TRY(from_other_side(client.list_briefly())), name));
    auto info = TRY(from_other_side(client.info(vm.id)));
    if (!info)
        return Error(ErrorKind::NotFound, "the VM " + vm.id + " is gone").remedy("mpcctl list shows those that exist");
    return *std::move(info);
}

json::Object vm_json(vmm::VmInfo const& vm)
{
    json::Array events;
    for (auto const& event : vm.events)
        events.emplace_back(json::Object {
            { "event", event.name }, { "body", event.body }, { "milliseconds", event.milliseconds } });
    return { { "id", vm.id }, { "name", vm.name }, { "status", vmm::name_of(vm.status) }, { "uptime", vm.uptime },
        { "app_id", vm.app_id }, { "instance_id", vm.instance_id }, { "image_version", vm.image_version },
        { "boot_progress", vm.boot_progress }, { "boot_error", vm.boot_error },
        { "shutdown_progress", vm.shutdown_progress }, { "exited_at", vm.exited_at },
        { "configuration", vm.configuration ? configuration_json(*vm.configuration) : json::Value() },
        { "events", std::move(events) } };
}

Result<std::optional<std::string>> ask(std::string const& question, Interrupt const& interrupt)
{
    if (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0)
        return std::optional<std::string>();
    say(stderr, "{} ", question);
    auto answer = read_line(interrupt);
    if (!answer.ok())
        say(stderr, "\n");
    return std::optional(TRY(std::move(answer)));
}

Result<void> ask_consent(std::string const& what, Interrupt const& interrupt)
{
    auto const answer = TRY(ask(what + " Go on? [y/N]", interrupt));
    if (answer && (*answer == "y" || *answer == "Y" || *answer == "yes"))
        return ok;
    if (!answer)
        return Error(ErrorKind::Invalid, "consent is needed, and nobody can be asked: nothing was done")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("run it on a terminal, or give --yes");
    return Error(ErrorKind::Invalid, "not confirmed: nothing was done")
        .exit_as(mpc::ExitCode::Usage)
        .remedy("answer y or yes to go on, or give --yes");
}

}  // namespace mpc::ctl
