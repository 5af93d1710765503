#include "mpcctl/vm_control.h"

#include <fmt/format.h>

#include "base/log.h"
#include "mpcctl/say.h"
#include "vmm/wait.h"

namespace mpc::ctl {

namespace {

/// What was done to a VM, for people or machines.
ExitCode tell(vmm::VmInfo const& vm, std::string_view what, bool json, ExitCode code)
{
    if (json)
        say("{}\n",
            json::write_pretty(json::Object {
                { "id", vm.id }, { "name", vm.name }, { "outcome", what }, { "changed", code == ExitCode::Done } }));
    else
        say("{} ({}): {}\n", printable(vm.name, 80), vm.id, what);
    return code;
}

std::string show(vmm::VmInfo const& vm) { return printable(vm.name, 80) + " (" + vm.id + ")"; }

Result<void> confirm_removal(vmm::VmInfo const& vm, bool yes)
{
    if (yes)
        return ok;
    auto const answer = ask(fmt::format("{} and its disk, with the node's key shares, will be deleted. "
                                        "There is no way back. Type its name to go on:",
        show(vm)));
    if (!answer)
        return Error(ErrorKind::Invalid, "removing " + show(vm) + " deletes its disk, and nobody can be asked")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("run it on a terminal, or give --yes");
    if (*answer != vm.name)
        return Error(ErrorKind::Invalid, "that is not the name of " + show(vm) + ": nothing was removed")
            .remedy("type the name exactly as mpcctl list shows it");
    return ok;
}

}  // namespace

Result<ExitCode> run(StartOptions const& options, Interrupt const& interrupt)
{
    auto client = TRY(client_of(options.vmm, interrupt));
    auto const vm = TRY(vm_named(client, options.vm));
    if (vm.status == vmm::Status::Running)
        return tell(vm, "runs already", options.json, ExitCode::NothingToDo);
    TRY(from_other_side(client.start(vm.id)));
    TRY(from_other_side(vmm::wait_until_running(client, vm.id, { std::chrono::seconds(options.wait_seconds) },
        interrupt)));
    return tell(vm, "started", options.json, ExitCode::Done);
}

Result<ExitCode> run(StopOptions const& options, Interrupt const& interrupt)
{
    auto client = TRY(client_of(options.vmm, interrupt));
    auto const vm = TRY(vm_named(client, options.vm));
    if (vm.status == vmm::Status::Stopped)
        return tell(vm, "is stopped already", options.json, ExitCode::NothingToDo);
    // A process that ended by itself cannot be asked; the VMM would start it again.
    bool const is_killed = options.force || vm.status == vmm::Status::Exited;
    if (options.force)
        TRY(from_other_side(client.kill(vm.id)));
    auto const status = options.force ? vmm::Status::Stopping : vm.status;
    TRY(from_other_side(vmm::shut_down(client, vm.id, status, { std::chrono::seconds(options.wait_seconds) }, interrupt)
            .remedy("look at mpcctl logs; mpcctl stop --force cuts the power")));
    return tell(vm, is_killed ? "killed" : "stopped", options.json, ExitCode::Done);
}

Result<ExitCode> run(RemoveOptions const& options, Interrupt const& interrupt)
{
    auto client = TRY(client_of(options.vmm, interrupt));
    auto const vm = TRY(vm_named(client, options.vm));
    TRY(confirm_removal(vm, options.yes));
    TRY(from_other_side(client.remove(vm.id)));
    TRY(from_other_side(vmm::wait_until_gone(client, vm.id, { std::chrono::seconds(options.wait_seconds) },
        interrupt)));
    return tell(vm, "removed", options.json, ExitCode::Done);
}

}  // namespace mpc::ctl
