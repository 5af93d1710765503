// Changing a VM's user_config with a restart, gated by the node's health: forward, or all the way back.
#pragma once

#include <functional>

#include "vmm/client.h"
#include "vmm/upgrade_record.h"
#include "vmm/wait.h"

namespace mpc::vmm {

/// The launcher says that nothing but another boot will do (its exit code 9).
struct RebootWanted {
    std::string reason;
};

/// Waits until the node is well with the record's digest, or (going back) runs again: nullopt, or that only a reboot
/// helps. An error is the reason why it is not well.
using AwaitHealth = std::function<Result<std::optional<RebootWanted>>(UpgradeRecord const&)>;

/// What an upgrade asks of its caller.
struct UpgradeHooks {
    AwaitHealth await_health;
    std::function<std::string()> last_log_line = [] { return std::string(); };  ///< of the launcher, now
    std::function<void(std::string_view)> on_step = [](std::string_view) {};    ///< told when a step begins, for people
    /// Told of a record that goes back, while the VM is still as it failed.
    std::function<void(UpgradeRecord const&)> on_failure = [](auto const&) {};
};

struct UpgradeOutcome {
    bool rolled_back = false;
    std::string reason {};  ///< why it was
    Duration downtime {};   ///< from asking the guest to end until the node was well, as far as this run saw it
};

/// A guest that does not end in time, or cannot be asked to: leave it to the operator, or cut its power. (On the way
/// back the power of one that cannot be asked is cut in any case.)
enum class StubbornGuest { Leave, CutPower };

/// Takes a VM from where it is to where the record says. What has been done already is seen in the VM itself, so that
/// a run that was cut off anywhere is just run again with the same record: a VM that runs with the right user_config is
/// not started again.
///
/// Before anything is stopped the VM gets the record's claim, and loses it when all is done. Of several who begin at
/// the same time the last one's claim stays, after `settle` each looks whose it is, and all but one have done nothing.
///
/// A launcher that asks for a reboot gets it, at most `most_reboots` times: that says nothing against the image. It
/// happens when a power cut has met the start before, from which the engine keeps the node's port.
class Upgrade {
public:
    static constexpr int most_reboots = 2;

    struct Settings {
        Patience stop { .deadline = std::chrono::minutes(5) };
        Patience start { .deadline = std::chrono::minutes(1) };
        StubbornGuest stubborn = StubbornGuest::Leave;
        Duration settle = std::chrono::seconds(1);  ///< longer than others take from looking to claiming
    };

    Upgrade(Client& client, UpgradeJournal const& journal, UpgradeHooks hooks, Settings settings,
        Interrupt const& interrupt)
        : m_client(client), m_journal(journal), m_hooks(std::move(hooks)), m_settings(settings), m_interrupt(interrupt)
    {
    }

    /// The record is in the journal already, and stays there until it is done. A journal that cannot be written to
    /// any more keeps nobody from going back. Errors, with the journal kept so that it can be gone on with:
    /// Interrupted; Timeout when the guest was asked to end and has not, Refused when it cannot be asked, which says
    /// nothing against the new image;
    /// those of the client when the VMM does not answer, or when the way back fails as well. Errors with the record
    /// set aside, as this upgrade is over: Refused when somebody else changed the user_config or claimed the VM
    /// meanwhile, which is left as it is; Refused when the VMM does not take the claim, and nothing was done.
    [[nodiscard]] Result<UpgradeOutcome> run(UpgradeRecord record);

private:
    Result<UpgradeOutcome> go(UpgradeRecord& record);
    Result<void> forward(UpgradeRecord& record);
    Result<UpgradeOutcome> back(UpgradeRecord& record, bool is_resumed);
    /// To a VM that runs with that user_config; whether it had to be started.
    Result<bool> reach(UpgradeRecord const& record, Secret const& wanted);
    /// The VM as it is now, which nobody else has changed or claimed.
    Result<VmInfo> look(UpgradeRecord const& record);
    Result<VmInfo> claim(UpgradeRecord const& record, VmInfo const& vm);
    /// Until the node is well, with as many reboots as that takes.
    Result<void> await_health(UpgradeRecord& record);
    Result<void> reboot(UpgradeRecord& record);
    void see_log(UpgradeRecord& record);
    void remember(UpgradeRecord const& record);
    Result<void> start(UpgradeRecord const& record);
    Result<void> replace_user_config(UpgradeRecord const& record, VmInfo const& vm, Secret const& wanted);
    Result<void> stop(UpgradeRecord const& record, VmInfo const& vm);
    /// Takes the claim off.
    Result<void> release(UpgradeRecord const& record, Secret const& wanted);
    [[nodiscard]] Duration downtime() const;

    Client& m_client;
    UpgradeJournal const& m_journal;
    UpgradeHooks m_hooks;
    Settings m_settings;
    Interrupt const& m_interrupt;
    bool m_is_claimed = false;    ///< seen to be ours in this run
    bool m_is_over = false;       ///< not ours to go on with
    bool m_is_undecided = false;  ///< neither done nor failed: to be gone on with later
    std::optional<std::chrono::steady_clock::time_point> m_down_since {};
    Duration m_downtime {};
};

}  // namespace mpc::vmm
