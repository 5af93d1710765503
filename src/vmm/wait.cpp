#include "vmm/wait.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::vmm {

namespace {

/// Whether a failed question may do better next time.
bool may_pass(Error const& error)
{
    return error.kind() == ErrorKind::Timeout || error.kind() == ErrorKind::Unreachable
        || error.kind() == ErrorKind::Io;
}

std::string doing(std::optional<VmInfo> const& vm)
{
    if (!vm)
        return "the VMM does not answer";
    std::string text = fmt::format("it is {}", name_of(vm->status));
    if (vm->status == Status::Stopping && !vm->shutdown_progress.empty())
        text += ", " + printable(vm->shutdown_progress, 80);
    return text;
}

using Judge = std::function<Result<bool>(std::optional<VmInfo> const&)>;

Result<void> wait_until(Judge const& judge, std::string_view wanted, Client& client, std::string const& id,
    Patience patience, Interrupt const& interrupt)
{
    auto const deadline = Deadline::after(patience.deadline);
    Pauses const pauses(patience.pause);
    std::optional<VmInfo> last;
    for (;;) {
        auto const vm = client.info(id);
        if (vm.ok() && TRY(judge(*vm)))
            return ok;
        if (!vm.ok() && !may_pass(vm.error()))
            return vm.error();
        if (vm.ok())
            last = *vm;
        if (deadline.passed())
            return Error(ErrorKind::Timeout,
                fmt::format("{} is not {} after {} s: {}", id, wanted,
                    std::chrono::duration_cast<std::chrono::seconds>(patience.deadline).count(), doing(last)))
                .remedy("look at mpcctl status and mpcctl logs, and ask again");
        TRY(interrupt.sleep(pauses.next()));
    }
}

/// A judge of VMs that must exist.
Judge has_status(Status wanted)
{
    return [wanted](std::optional<VmInfo> const& vm) -> Result<bool> {
        if (!vm)
            return Error(ErrorKind::NotFound, "the VM is gone").remedy("mpcctl list shows those that exist");
        return vm->status == wanted;
    };
}

/// The VMM needs the guest's agent for it.
Result<void> ask_to_end(Client& client, std::string const& id, Patience patience, Interrupt const& interrupt)
{
    auto const deadline = Deadline::after(patience.deadline);
    Pauses const pauses(patience.pause);
    for (;;) {
        auto const asked = client.shut_down(id);
        if (asked.ok() || asked.error().kind() != ErrorKind::Refused)
            return asked;
        auto const vm = TRY(client.info(id));
        bool const boots = vm && vm->status == Status::Running && vm->boot_progress != "done";
        if (!boots || deadline.passed())
            return Error(asked.error()).in("its guest cannot be asked to end");
        TRY(interrupt.sleep(pauses.next()));
    }
}

}  // namespace

Duration Pauses::next() const
{
    auto const waited = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - m_begun);
    return std::min(std::max<Duration>(waited / 16, std::chrono::milliseconds(50)), m_most);
}

Result<void> wait_until_running(Client& client, std::string const& id, Patience patience, Interrupt const& interrupt)
{
    return wait_until(has_status(Status::Running), "running", client, id, patience, interrupt);
}

Result<void> wait_until_stopped(Client& client, std::string const& id, Patience patience, Interrupt const& interrupt)
{
    return wait_until(has_status(Status::Stopped), "stopped", client, id, patience, interrupt);
}

Result<void> shut_down(Client& client, std::string const& id, Status status, Patience patience,
    Interrupt const& interrupt)
{
    if (status == Status::Running)
        TRY(ask_to_end(client, id, patience, interrupt));
    else if (status == Status::Exited)
        TRY(client.kill(id));
    return wait_until_stopped(client, id, patience, interrupt);
}

Result<void> wait_until_gone(Client& client, std::string const& id, Patience patience, Interrupt const& interrupt)
{
    auto const judge = [](std::optional<VmInfo> const& vm) -> Result<bool> { return !vm.has_value(); };
    return wait_until(judge, "gone", client, id, patience, interrupt);
}

}  // namespace mpc::vmm
