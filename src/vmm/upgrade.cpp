#include "vmm/upgrade.h"

namespace mpc::vmm {

namespace {

Duration since(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
}

}  // namespace

Result<UpgradeOutcome> Upgrade::run(UpgradeRecord record)
{
    TRY(m_journal.save(record));
    bool const is_resumed = record.direction == Direction::Back;
    auto const start = std::chrono::steady_clock::now();
    if (record.direction == Direction::Forward) {
        auto const reached = reach(record, record.new_user_config);
        auto done = reached.ok() ? m_hooks.await_health(record) : Result<void>(reached.error());
        if (done.ok()) {
            TRY(m_journal.remove());
            return UpgradeOutcome { .downtime = since(start) };
        }
        // Where somebody else is at work on this VM, going back would undo what they did.
        if (done.error().kind() == ErrorKind::Interrupted || m_conflict)
            return std::move(done).error();
        record.direction = Direction::Back;
        record.reason = done.error().message();
        record.log_seen = m_hooks.last_log_line();
        TRY(m_journal.save(record));
    }
    m_hooks.on_step("going back to the old user_config");
    // A VM that was never stopped has a node that has been well all the time.
    if (TRY(reach(record, record.old_user_config).in("going back")) || is_resumed)
        TRY(m_hooks.await_health(record).in("going back"));
    TRY(m_journal.remove());
    return UpgradeOutcome { .rolled_back = true, .reason = record.reason, .downtime = since(start) };
}

Result<bool> Upgrade::reach(UpgradeRecord const& record, Secret const& wanted)
{
    auto vm = TRY(m_client.info(record.vm));
    if (!vm || !vm->configuration)
        return Error(ErrorKind::NotFound, "the VM is gone").remedy("mpcctl list shows those that exist");
    if (vm->configuration->user_config != wanted)
        TRY(replace_user_config(record, *vm, wanted));
    else if (vm->status == Status::Running)
        return false;
    else if (vm->status == Status::Stopping)
        TRY(wait_until_stopped(m_client, record.vm, m_settings.stop, m_interrupt));
    m_hooks.on_step("starting the VM");
    TRY(m_client.start(record.vm));
    TRY(wait_until_running(m_client, record.vm, m_settings.start, m_interrupt));
    return true;
}

Result<void> Upgrade::replace_user_config(UpgradeRecord const& record, VmInfo const& vm, Secret const& wanted)
{
    TRY(check_untouched(record, vm));
    if (vm.status != Status::Stopped) {
        m_hooks.on_step("stopping the VM");
        // One that stops already, or ended by itself, is only waited for.
        if (vm.status == Status::Running)
            TRY(m_client.shut_down(record.vm));
        else if (vm.status == Status::Exited)
            TRY(m_client.kill(record.vm));
        TRY(wait_until_stopped(m_client, record.vm, m_settings.stop, m_interrupt));
    }
    // Stopping takes minutes: look again at what is about to be overwritten.
    auto const stopped = TRY(m_client.info(record.vm));
    if (stopped)
        TRY(check_untouched(record, *stopped));
    m_hooks.on_step("writing the user_config");
    return m_client.update(record.vm, { .user_config = wanted });
}

/// Two operators may be at work: what is there must be one of the two that this upgrade knows.
Result<void> Upgrade::check_untouched(UpgradeRecord const& record, VmInfo const& vm)
{
    auto const* present = vm.configuration ? &vm.configuration->user_config : nullptr;
    m_conflict = !present || (*present != record.old_user_config && *present != record.new_user_config);
    if (!m_conflict)
        return ok;
    return Error(ErrorKind::Refused, "the VM's user_config is neither the old nor the new one: somebody changed it")
        .remedy("agree with whoever did; then begin the upgrade anew");
}

}  // namespace mpc::vmm
