#include "vmm/upgrade.h"

namespace mpc::vmm {

namespace {

Duration since(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
}

/// Two operators may be at work: what is there must be one of the two that this upgrade knows.
Result<void> check_untouched(UpgradeRecord const& record, VmInfo const& vm)
{
    auto const* present = vm.configuration ? &vm.configuration->user_config : nullptr;
    if (present && (*present == record.old_user_config || *present == record.new_user_config))
        return ok;
    return Error(ErrorKind::Refused, "the VM's user_config is neither the old nor the new one: somebody changed it")
        .remedy("agree with whoever did; then begin the upgrade anew");
}

}  // namespace

Result<UpgradeOutcome> Upgrade::run(UpgradeRecord record)
{
    TRY(m_journal.save(record));
    auto const start = std::chrono::steady_clock::now();
    if (record.direction == Direction::Forward) {
        auto done = reach(record, record.new_user_config);
        if (done.ok())
            done = m_hooks.await_health(record);
        if (done.ok()) {
            TRY(m_journal.remove());
            return UpgradeOutcome { .downtime = since(start) };
        }
        // Refused: somebody else is at work on this VM, and going back would undo what they did.
        if (done.error().kind() == ErrorKind::Interrupted || done.error().kind() == ErrorKind::Refused)
            return std::move(done).error();
        record.direction = Direction::Back;
        record.reason = done.error().message();
        record.log_seen = m_hooks.last_log_line();
        TRY(m_journal.save(record));
    }
    m_hooks.on_step("going back to the old user_config");
    TRY(reach(record, record.old_user_config).in("going back"));
    TRY(m_hooks.await_health(record).in("going back"));
    TRY(m_journal.remove());
    return UpgradeOutcome { .rolled_back = true, .reason = record.reason, .downtime = since(start) };
}

/// To a VM that runs with that user_config.
Result<void> Upgrade::reach(UpgradeRecord const& record, Secret const& wanted)
{
    auto vm = TRY(m_client.info(record.vm));
    if (!vm || !vm->configuration)
        return Error(ErrorKind::NotFound, "the VM is gone").remedy("mpcctl list shows those that exist");
    if (vm->configuration->user_config != wanted)
        TRY(replace_user_config(record, *vm, wanted));
    else if (vm->status == Status::Running)
        return ok;
    else if (vm->status == Status::Stopping)
        TRY(wait_until_stopped(m_client, record.vm, m_settings.stop, m_interrupt));
    m_hooks.on_step("starting the VM");
    TRY(m_client.start(record.vm));
    return wait_until_running(m_client, record.vm, m_settings.start, m_interrupt);
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

}  // namespace mpc::vmm
