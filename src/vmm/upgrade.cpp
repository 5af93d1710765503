#include "vmm/upgrade.h"

#include <fmt/format.h>

namespace mpc::vmm {

namespace {

Secret const& user_config_of(VmInfo const& vm) { return vm.configuration->user_config; }

}  // namespace

Result<UpgradeOutcome> Upgrade::run(UpgradeRecord record)
{
    auto outcome = go(record);
    if (outcome.ok())
        TRY(m_journal.remove());
    else if (m_is_over)
        TRY(m_journal.set_aside());
    return outcome;
}

Result<UpgradeOutcome> Upgrade::go(UpgradeRecord& record)
{
    if (record.direction == Direction::Back)
        return back(record, true);
    auto const done = forward(record);
    if (done.ok())
        return UpgradeOutcome { .downtime = m_downtime };
    // Where somebody else is at work on this VM, going back would undo what they did.
    if (done.error().kind() == ErrorKind::Interrupted || m_is_over || m_is_undecided)
        return done.error();
    // Of a VMM that does not answer nothing can be learnt about the node.
    TRY(m_client.info(record.vm));
    record.direction = Direction::Back;
    record.reason = done.error().message();
    see_log(record);
    remember(record);
    m_hooks.on_failure(record);
    return back(record, false);
}

/// What the launcher has said so far is not of the boot to come. Where it cannot be read, what was seen before still
/// counts.
void Upgrade::see_log(UpgradeRecord& record)
{
    if (auto line = m_hooks.last_log_line(); !line.empty())
        record.log_seen = std::move(line);
}

/// A full disk must not keep a node down.
void Upgrade::remember(UpgradeRecord const& record)
{
    if (auto const saved = m_journal.save(record); !saved.ok())
        m_hooks.on_step("this step cannot be remembered (" + saved.error().message() + "): do not interrupt it");
}

Result<void> Upgrade::forward(UpgradeRecord& record)
{
    TRY(reach(record, record.new_user_config));
    TRY(await_health(record));
    m_downtime = downtime();
    // The node is well: whatever happens now is no reason to go back.
    m_is_undecided = true;
    return release(record, record.new_user_config);
}

Result<UpgradeOutcome> Upgrade::back(UpgradeRecord& record, bool is_resumed)
{
    m_hooks.on_step("going back to the old user_config");
    // A VM that was never stopped has a node that has been well all the time.
    if (TRY(reach(record, record.old_user_config).in("going back")) || is_resumed)
        TRY(await_health(record).in("going back"));
    m_downtime = downtime();
    TRY(release(record, record.old_user_config).in("going back"));
    return UpgradeOutcome { .rolled_back = true, .reason = record.reason, .downtime = m_downtime };
}

Result<bool> Upgrade::reach(UpgradeRecord const& record, Secret const& wanted)
{
    auto vm = TRY(look(record));
    if (vm.status == Status::Running && user_config_of(vm) == wanted)
        return false;
    if (vm.status != Status::Running && !m_down_since)
        m_down_since = std::chrono::steady_clock::now();
    vm = TRY(claim(record, vm));
    if (user_config_of(vm) != record.claim.on(wanted))
        TRY(replace_user_config(record, vm, wanted));
    else if (vm.status == Status::Running)
        return false;
    else if (vm.status == Status::Stopping)
        TRY(stop(record, vm));
    TRY(start(record));
    return true;
}

Result<void> Upgrade::await_health(UpgradeRecord& record)
{
    auto outcome = m_hooks.await_health(record);
    for (int reboots = 0; outcome.ok() && *outcome && reboots < most_reboots; ++reboots) {
        TRY(reboot(record));
        outcome = m_hooks.await_health(record);
    }
    if (outcome.ok() && !*outcome)
        return ok;
    return outcome.ok() ? Error(ErrorKind::Mismatch, (*outcome)->reason) : outcome.error();
}

Result<void> Upgrade::reboot(UpgradeRecord& record)
{
    m_hooks.on_step("rebooting, as the launcher asks for it");
    see_log(record);
    remember(record);
    TRY(stop(record, TRY(look(record))));
    return start(record);
}

Result<void> Upgrade::start(UpgradeRecord const& record)
{
    m_hooks.on_step("starting the VM");
    TRY(look(record));
    TRY(m_client.start(record.vm));
    return wait_until_running(m_client, record.vm, m_settings.start, m_interrupt);
}

Result<VmInfo> Upgrade::look(UpgradeRecord const& record)
{
    auto vm = TRY(m_client.info(record.vm));
    if (!vm || !vm->configuration)
        return Error(ErrorKind::NotFound, "the VM is gone").remedy("mpcctl list shows those that exist");
    auto const& present = user_config_of(*vm);
    auto const& old_config = record.old_user_config;
    auto const& new_config = record.new_user_config;
    bool const is_ours = present == record.claim.on(old_config) || present == record.claim.on(new_config);
    // Before it is claimed, or when a run before this one has finished.
    bool const is_taken_over = record.taken_over && present == record.taken_over->on(old_config);
    bool const is_free = !m_is_claimed && (present == old_config || present == new_config || is_taken_over);
    m_is_claimed = m_is_claimed || is_ours;
    if (is_ours || is_free)
        return *std::move(vm);
    m_is_over = true;
    if (auto const theirs = Claim::of(present.reveal()))
        return Error(ErrorKind::Refused, "another upgrade has taken this VM: " + theirs->line())
            .remedy("leave it to whoever runs that one, and look at mpcctl status when it has ended");
    return Error(ErrorKind::Refused, "the VM's user_config is neither the old nor the new one: somebody changed it")
        .remedy("agree with whoever did; then begin the upgrade anew");
}

Result<VmInfo> Upgrade::claim(UpgradeRecord const& record, VmInfo const& vm)
{
    if (m_is_claimed)
        return vm;
    Secret const plain(std::string(without_claim(user_config_of(vm).reveal())));
    auto const claimed = m_client.update(record.vm, { .user_config = record.claim.on(plain) });
    // Nothing has been stopped yet, so there is nothing to go back from.
    m_is_over = !claimed.ok() && claimed.error().kind() == ErrorKind::Refused;
    m_is_undecided = !claimed.ok();
    TRY(Result(claimed).in("claiming the VM"));
    TRY(m_interrupt.sleep(m_settings.settle));
    auto settled = TRY(look(record));
    if (m_is_claimed)
        return settled;
    m_is_over = true;
    return Error(ErrorKind::Refused, "the VMM says that the user_config was written, and has the old one")
        .remedy("look at the VMM's log, and begin the upgrade anew");
}

Result<void> Upgrade::replace_user_config(UpgradeRecord const& record, VmInfo const& vm, Secret const& wanted)
{
    if (vm.status != Status::Stopped)
        TRY(stop(record, vm));
    // Stopping takes minutes: look again at what is about to be overwritten.
    if (auto const now = TRY(look(record)); now.status != Status::Stopped)
        return Error(ErrorKind::Refused,
            fmt::format("the VM is {} again: somebody else started it", name_of(now.status)))
            .remedy("find out who did, and run the upgrade again");
    m_hooks.on_step("writing the user_config");
    return m_client.update(record.vm, { .user_config = record.claim.on(wanted) });
}

Result<void> Upgrade::stop(UpgradeRecord const& record, VmInfo const& vm)
{
    m_hooks.on_step("stopping the VM");
    m_down_since = m_down_since.value_or(std::chrono::steady_clock::now());
    auto stopped = shut_down(m_client, record.vm, vm.status, m_settings.stop, m_interrupt);
    bool const was_asked = stopped.ok() || stopped.error().kind() == ErrorKind::Timeout;
    if (stopped.ok() || (!was_asked && stopped.error().kind() != ErrorKind::Refused))
        return stopped;
    // Going back from a boot in which nobody can be asked: nothing else would bring the node up again.
    bool const is_stuck = !was_asked && record.direction == Direction::Back;
    if (m_settings.stubborn == StubbornGuest::Leave && !is_stuck) {
        m_is_undecided = true;
        auto const* const more = was_asked ? "; it was asked to end, and may still do so" : "";
        return Error(stopped.error().kind(), stopped.error().message() + more)
            .remedy("run the upgrade again to wait on, with --force-stop to cut its power, or with --back to keep what "
                    "it has");
    }
    m_hooks.on_step("cutting the VM's power");
    TRY(look(record));
    TRY(m_client.kill(record.vm));
    return wait_until_stopped(m_client, record.vm, m_settings.stop, m_interrupt);
}

Result<void> Upgrade::release(UpgradeRecord const& record, Secret const& wanted)
{
    auto const vm = TRY(look(record));
    if (user_config_of(vm) == wanted)
        return ok;
    if (user_config_of(vm) != record.claim.on(wanted))
        return Error(ErrorKind::Refused, "the VM has not the user_config that it was started with")
            .remedy("run the upgrade again");
    return m_client.update(record.vm, { .user_config = wanted });
}

Duration Upgrade::downtime() const
{
    if (!m_down_since)
        return Duration::zero();
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - *m_down_since);
}

}  // namespace mpc::vmm
