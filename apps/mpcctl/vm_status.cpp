#include "mpcctl/vm_status.h"

#include <fmt/format.h>

#include "base/log.h"
#include "crypto/time.h"
#include "mpcctl/say.h"

namespace mpc::ctl {

namespace {

void add(std::string& text, std::string_view name, std::string const& value)
{
    if (!value.empty())
        text += fmt::format("{:<14}{}\n", name, printable(value));
}

void add_configuration(std::string& text, vmm::Configuration const& configuration)
{
    add(text, "OS image", configuration.image);
    add(text, "resources",
        fmt::format("{} vCPU, {} MB memory, {} GB disk", configuration.vcpu, configuration.memory_mb,
            configuration.disk_gb));
    for (auto const& port : configuration.ports)
        add(text, "port", fmt::format("{} {}:{} -> {}", vmm::name_of(port.protocol), port.address, port.host, port.vm));
    add(text, "compose hash", to_hex(sha256({ as_bytes(configuration.compose_file) })));
    add(text, "user_config", configuration.user_config.size() == 0 ? "none" : "present");
}

std::string moment(std::uint64_t milliseconds)
{
    constexpr std::uint64_t year_10000 = 253402300800;
    if (milliseconds == 0 || milliseconds / 1000 >= year_10000)
        return "(no time)";
    return crypto::to_text(crypto::Time(std::chrono::seconds(milliseconds / 1000)));
}

}  // namespace

std::string as_table(vmm::VmInfo const& vm)
{
    std::string text;
    add(text, "name", vm.name);
    add(text, "id", vm.id);
    add(text, "status", vmm::name_of(vm.status));
    // Both are durations until now, or "never".
    add(text, vm.status == vmm::Status::Running ? "uptime" : "since start", vm.uptime);
    add(text, "since exit", vm.exited_at == "never" ? "" : vm.exited_at);
    add(text, "boot", vm.boot_progress);
    add(text, "BOOT ERROR", vm.boot_error);
    add(text, "shutdown", vm.shutdown_progress);
    add(text, "OS version", vm.image_version);
    add(text, "app id", vm.app_id);
    add(text, "instance id", vm.instance_id);
    if (vm.configuration)
        add_configuration(text, *vm.configuration);
    if (!vm.events.empty())
        text += "\nevents\n";
    for (auto const& event : vm.events)
        text += fmt::format("  {}  {}  {}\n", moment(event.milliseconds), printable(event.name, 60),
            printable(event.body, 200));
    return text;
}

Result<ExitCode> run(StatusOptions const& options, Interrupt const& interrupt)
{
    auto client = TRY(client_of(options.vmm, interrupt));
    auto const vm = TRY(vm_named(client, options.vm));
    if (options.json)
        say("{}\n", json::write_pretty(vm_json(vm)));
    else
        say("{}", as_table(vm));
    return ExitCode::Done;
}

}  // namespace mpc::ctl
