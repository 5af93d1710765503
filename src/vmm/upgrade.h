// Changing a VM's user_config with a restart, gated by the node's health: forward, or all the way back.
#pragma once

#include <functional>

#include "vmm/client.h"
#include "vmm/upgrade_record.h"
#include "vmm/wait.h"

namespace mpc::vmm {

/// Waits until the node is well with the record's digest, or (going back) runs again. An error is the reason why not.
using AwaitHealth = std::function<Result<void>(UpgradeRecord const&)>;

/// What an upgrade asks of its caller.
struct UpgradeHooks {
    AwaitHealth await_health;
    std::function<std::string()> last_log_line = [] { return std::string(); };  ///< of the launcher, now
    std::function<void(std::string_view)> on_step = [](std::string_view) {};    ///< told when a step begins, for people
};

struct UpgradeOutcome {
    bool rolled_back = false;
    std::string reason {};  ///< why it was
    Duration downtime {};   ///< from asking the guest to end until the node was well, as far as this run saw it
};

/// Takes a VM from where it is to where the record says. What has been done already is seen in the VM itself, so that
/// a run that was cut off anywhere is just run again with the same record: a VM that runs with the right user_config is
/// not started again.
class Upgrade {
public:
    struct Settings {
        Patience stop { .deadline = std::chrono::minutes(5) };
        Patience start { .deadline = std::chrono::minutes(1) };
    };

    Upgrade(Client& client, UpgradeJournal const& journal, UpgradeHooks hooks, Settings settings,
        Interrupt const& interrupt)
        : m_client(client), m_journal(journal), m_hooks(std::move(hooks)), m_settings(settings), m_interrupt(interrupt)
    {
    }

    /// The journal holds the record until it is done. Errors: Interrupted (run again to go on); Refused when somebody
    /// else changed the user_config meanwhile, which is left as it is; those of the client and of waiting when the way
    /// back fails as well, with the journal kept.
    [[nodiscard]] Result<UpgradeOutcome> run(UpgradeRecord record);

private:
    /// To a VM that runs with that user_config; whether it had to be started.
    Result<bool> reach(UpgradeRecord const& record, Secret const& wanted);
    Result<void> check_untouched(UpgradeRecord const& record, VmInfo const& vm);
    Result<void> replace_user_config(UpgradeRecord const& record, VmInfo const& vm, Secret const& wanted);

    Client& m_client;
    UpgradeJournal const& m_journal;
    UpgradeHooks m_hooks;
    Settings m_settings;
    Interrupt const& m_interrupt;
    bool m_conflict = false;  ///< somebody else has changed the user_config
};

}  // namespace mpc::vmm
