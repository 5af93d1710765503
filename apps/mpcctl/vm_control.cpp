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

Result<void> confirm_removal(vmm::VmInfo const& vm, bool yes, Interrupt const& interrupt)
{
    if (yes)
        return ok;
    auto const answer = TRY(ask(fmt::format("{} and its disk, with the node's key shares, will be deleted. "
                                            "There is no way back. Type its name to go on:",
                                    show(vm)),
        interrupt));
    if (!answer)
        return Error(ErrorKind::Invalid, "removing " + show(vm) + " deletes its disk, and nobody can be asked")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("run it on a terminal, or give --yes");
    if (*answer != vm.name)
        return Error(ErrorKind::Invalid, "that is not the name of " + show(vm) + ": nothing was removed")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("type the name exactly as mpcctl list shows it");
    return ok;
}

/// A wait that a signal has ended says nothing about what was asked for: that may still come about.
Result<void> waited_for(Result<void> result, vmm::VmInfo const& vm)
{
    if (result.ok() || result.error().kind() != ErrorKind::Interrupted)
        return from_other_side(std::move(result));
    return Error(ErrorKind::Interrupted, "the VMM was asked, and a signal has ended the wait until it is done")
        .remedy("mpcctl status " + vm.id + " says what has become of it");
}

}  // namespace

Result<ExitCode> run(StartOptions const& options, Interrupt const& interrupt)
{
    auto client = TRY(client_of(options.vmm, interrupt));
    auto const vm = TRY(vm_named(client, options.vm));
    if (vm.status == vmm::Status::Running)
        return tell(vm, "runs already", options.json, ExitCode::NothingToDo);
    TRY(from_other_side(client.start(vm.id)));
    TRY(waited_for(vmm::wait_until_running(client, vm.id, { std::chrono::seconds(options.wait_seconds) }, interrupt),
        vm));
    return tell(vm, "started", options.json, ExitCode::Done);
}

Result<ExitCode> run(StopOptions const& options, Interrupt const& interrupt)
{
    auto client = TRY(client_of(options.vmm, interrupt));
    auto const vm = TRY(vm_named(client, options.vm));
    if (vm.status == vmm::Status::Stopped)
        return tell(vm, "is stopped already", options.json, ExitCode::NothingToDo);
    if (options.force)
        TRY(from_other_side(client.kill(vm.id)));
    auto const status = options.force ? vmm::Status::Stopping : vm.status;
    auto const stopped =
        waited_for(vmm::shut_down(client, vm.id, status, { std::chrono::seconds(options.wait_seconds) }, interrupt),
            vm);
    if (!stopped.ok() && !options.force && stopped.error().kind() != ErrorKind::Interrupted)
        return Error(stopped.error().kind(), stopped.error().message())
            .remedy(stopped.error().remedy() + "; mpcctl stop --force " + vm.id + " cuts its power");
    TRY(Result<void>(stopped));
    return tell(vm, options.force ? "killed" : "stopped", options.json, ExitCode::Done);
}

Result<ExitCode> run(RemoveOptions const& options, Interrupt const& interrupt)
{
    auto client = TRY(client_of(options.vmm, interrupt));
    auto const vm = TRY(vm_named(client, options.vm));
    TRY(confirm_removal(vm, options.yes, interrupt));
    TRY(from_other_side(client.remove(vm.id)));
    TRY(waited_for(vmm::wait_until_gone(client, vm.id, { std::chrono::seconds(options.wait_seconds) }, interrupt), vm));
    return tell(vm, "removed", options.json, ExitCode::Done);
}

}  // namespace mpc::ctl
