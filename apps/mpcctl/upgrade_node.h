// One VM that is upgraded: what is to be done with it, and doing it.
#pragma once

#include "mpcctl/upgrade.h"
#include "vmm/upgrade.h"

namespace mpc::ctl {

/// A VMM, under the name that the operator has for it.
struct UpgradeHost {
    std::string context;  ///< "" when it was not named so
    std::string address;
    vmm::Client client;
};

/// "context/name", printable.
[[nodiscard]] std::string label_of(UpgradeHost const& host, vmm::VmInfo const& vm);

/// A VM, locked on this machine against other upgrades as long as this exists. The host must outlive it.
struct UpgradeTarget {
    UpgradeHost* host;
    vmm::VmInfo vm;
    std::filesystem::path state;
    vmm::UpgradeJournal journal;
    std::optional<vmm::UpgradeRecord> under_way;  ///< an upgrade that was cut off

    [[nodiscard]] std::string label() const { return label_of(*host, vm); }
};

enum class Need {
    None,  ///< it runs with the digest already
    Begin,
    GoOn,  ///< with what is under way
};

struct NodePlan {
    Need need;
    vmm::UpgradeRecord record;
};

/// Errors: Invalid (--state).
[[nodiscard]] Result<std::filesystem::path> state_directory(UpgradeOptions const& options);

/// Locks the VM and sees what is under way. Errors: Refused (another upgrade of it runs here, or the VMM does not tell
/// its configuration); Io, Invalid (the state).
[[nodiscard]] Result<UpgradeTarget> open_target(UpgradeHost& host, vmm::VmInfo vm, UpgradeOptions const& options);

/// The digest that was asked for, or the newest; the contract, where one is named, must allow it. Errors: Invalid,
/// Mismatch, those of fetch_lists().
[[nodiscard]] Result<image::ImageDigest> chosen_digest(UpgradeOptions const& options, Interrupt const& interrupt);

/// What is to be done for the target; `options` are its own (see place_for). Errors: Refused when another machine's
/// upgrade has claimed it; Invalid (its user_config, an upgrade to another digest is under way, or nothing would tell
/// whether its node gets well); Mismatch as Node (it has the image, and is not well).
[[nodiscard]] Result<NodePlan> plan_node(UpgradeOptions const& options, UpgradeTarget const& target,
    image::ImageDigest const& digest, Interrupt const& interrupt);

/// Asks registries whether they have what plans need, and says what they have; for the same image once.
class FetchCheck {
public:
    FetchCheck(FetchOptions const& options, Interrupt const& interrupt) : m_options(options), m_interrupt(interrupt) {}

    /// Nothing where the plan goes on or has nothing to do. Errors: those of check_fetchable().
    [[nodiscard]] Result<void> check(NodePlan const& plan);

private:
    FetchOptions const& m_options;
    Interrupt const& m_interrupt;
    std::vector<std::string> m_known {};  ///< repository and tags that were asked for
};

/// Asks on the terminal, unless --yes. Errors: those of ask_consent().
[[nodiscard]] Result<void> confirm(UpgradeOptions const& options, std::string const& what, Interrupt const& interrupt);

struct Performed {
    vmm::UpgradeOutcome outcome;
    bool is_seen = true;                              ///< whether anything told that the node is well
    std::optional<std::filesystem::path> reasons {};  ///< where it is kept what was found when it failed
};

/// What an upgrade came to, for one node or a fleet.
enum class UpgradeState {
    NotBegun,
    Already,
    Upgraded,
    Unseen,  ///< the VM was started with the image, and nothing tells whether its node runs
    RolledBack,
    Failed,
};
/// As in the JSON: "not_begun", "already", ...
[[nodiscard]] std::string_view name_of(UpgradeState state);
[[nodiscard]] UpgradeState state_of(Performed const& performed);

/// Carries the plan out; progress goes to standard error. Errors: Io (nothing was begun, as it cannot be remembered);
/// as vmm::Upgrade::run(), from_other_side().
[[nodiscard]] Result<Performed> perform(UpgradeOptions const& options, UpgradeTarget const& target,
    NodePlan const& plan, Interrupt const& interrupt);

}  // namespace mpc::ctl
