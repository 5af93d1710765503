// What an upgrade must remember to be finished, or taken back, whatever ends the program in between.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/secret.h"
#include "image/digest.h"
#include "vmm/claim.h"

namespace mpc::vmm {

enum class Direction { Forward, Back };

struct UpgradeRecord {
    std::string vm;                      ///< id
    image::ImageDigest digest;           ///< what it is upgraded to
    Claim claim;                         ///< what marks the VM while it is upgraded
    std::optional<Claim> taken_over {};  ///< somebody else's, which the VM had when this upgrade was begun
    Secret old_user_config;              ///< the whole text, to go back to
    Secret new_user_config;
    Direction direction = Direction::Forward;
    std::string reason {};    ///< why it goes back
    std::string log_seen {};  ///< the launcher's last line before this direction was taken (see read_launcher_log)

    /// JSON; holds the secrets of both configurations.
    [[nodiscard]] Secret to_json() const;
    /// Errors: Invalid, never with a value.
    static Result<UpgradeRecord> parse(std::string_view text);
};

/// The record of one VM in a file of its owner's alone, and a lock, so that two upgrades of one VM on this machine do
/// not run at a time.
class UpgradeJournal {
public:
    /// DIRECTORY/VM.json; a directory that is not there is made (0700). Errors: Io; Invalid (an id that cannot be a
    /// file's name); Refused when another upgrade of this VM runs.
    static Result<UpgradeJournal> open(std::filesystem::path const& directory, std::string const& vm);

    /// nullopt when no upgrade is under way. Errors: Io, Invalid.
    [[nodiscard]] Result<std::optional<UpgradeRecord>> load() const;
    /// Errors: Io.
    [[nodiscard]] Result<void> save(UpgradeRecord const& record) const;
    /// Errors: Io.
    [[nodiscard]] Result<void> remove() const;
    /// The record of an upgrade that cannot be gone on with is kept as VM.abandoned.json. Errors: Io.
    [[nodiscard]] Result<void> set_aside() const;

private:
    UpgradeJournal(std::filesystem::path file, Fd lock) : m_file(std::move(file)), m_lock(std::move(lock)) {}
    std::filesystem::path m_file;
    Fd m_lock;
};

}  // namespace mpc::vmm
