#include "mpcctl/vm_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "mpcctl/say.h"

namespace mpc::ctl {

namespace {

/// What a VM is doing, as far as its status does not say it.
std::string progress_of(vmm::VmInfo const& vm)
{
    if (!vm.boot_error.empty())
        return "ERROR: " + printable(vm.boot_error, 60);
    if (vm.status == vmm::Status::Stopping)
        return printable(vm.shutdown_progress, 60);
    return vm.status == vmm::Status::Running ? printable(vm.boot_progress, 60) : "";
}

std::string row(std::size_t name_width, std::string const& name, std::string_view status, std::string const& uptime,
    std::string const& version, std::string const& id, std::string const& progress)
{
    auto line = fmt::format("{:<{}}  {:<8}  {:<10}  {:<10}  {:<36}  {}", name, name_width, status, uptime, version, id,
        progress);
    return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

/// A VMM tells the time since the last start of one that has ended, too.
std::string uptime_of(vmm::VmInfo const& vm)
{
    return vm.status == vmm::Status::Running ? printable(vm.uptime, 20) : "";
}

}  // namespace

std::string as_table(std::vector<vmm::VmInfo> const& vms)
{
    if (vms.empty())
        return "no VMs\n";
    constexpr std::size_t longest_name = 60;
    std::size_t width = 4;
    for (auto const& vm : vms)
        width = std::max(width, printable(vm.name, longest_name).size());
    auto text = row(width, "NAME", "STATUS", "UPTIME", "OS", "ID", "BOOT");
    for (auto const& vm : vms)
        text += row(width, printable(vm.name, longest_name), vmm::name_of(vm.status), uptime_of(vm),
            printable(vm.image_version, 20), vm.id, progress_of(vm));
    return text;
}

Result<ExitCode> run(ListOptions const& options, Interrupt const& interrupt)
{
    auto client = TRY(client_of(options.vmm, interrupt));
    auto const vms = TRY(from_other_side(client.list_briefly()));
    if (!options.json) {
        say("{}", as_table(vms));
        return ExitCode::Done;
    }
    json::Array array;
    for (auto const& vm : vms)
        array.emplace_back(vm_json(vm));
    say("{}\n", json::write_pretty(json::Object { { "vms", std::move(array) } }));
    return ExitCode::Done;
}

}  // namespace mpc::ctl
