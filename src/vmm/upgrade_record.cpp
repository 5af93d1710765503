#include "vmm/upgrade_record.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>

#include "json/json.h"

namespace mpc::vmm {

namespace {

constexpr std::size_t most_bytes = std::size_t { 8 } << 20;

char const* name_of(Direction direction) { return direction == Direction::Forward ? "forward" : "back"; }

Result<Direction> parse_direction(std::string_view text)
{
    for (auto const direction : { Direction::Forward, Direction::Back }) {
        if (text == name_of(direction))
            return direction;
    }
    return Error(ErrorKind::Invalid, "direction is neither forward nor back");
}

bool is_of_an_id(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

Error io_error(std::filesystem::path const& path) { return { ErrorKind::Io, path.string() + ": " + errno_text() }; }

}  // namespace

Secret UpgradeRecord::to_json() const
{
    return Secret(json::write_pretty(json::Object { { "vm", vm }, { "digest", digest.text() },
        { "claim", claim.line() }, { "taken_over", taken_over ? taken_over->line() : "" },
        { "direction", name_of(direction) }, { "reason", reason }, { "log_seen", log_seen },
        { "old_user_config", old_user_config.reveal() }, { "new_user_config", new_user_config.reveal() } }));
}

Result<UpgradeRecord> UpgradeRecord::parse(std::string_view text)
{
    auto const object = TRY(json::read_object(text, { .bytes = most_bytes, .depth = 4 }));
    TRY(object.allow_only({ "vm", "digest", "claim", "taken_over", "direction", "reason", "log_seen", "old_user_config",
        "new_user_config" }));
    auto const vm = TRY(object.require_text("vm"));
    auto const digest = TRY(image::ImageDigest::parse(TRY(object.require_text("digest"))));
    auto const claim = TRY(Claim::parse(TRY(object.require_text("claim"))));
    auto const taken_over = TRY(object.require_text("taken_over"));
    auto const direction = TRY(parse_direction(TRY(object.require_text("direction"))));
    auto const reason = TRY(object.require_text("reason"));
    auto const log_seen = TRY(object.require_text("log_seen"));
    Secret const old_config(TRY(object.require_text("old_user_config")));
    Secret const new_config(TRY(object.require_text("new_user_config")));
    UpgradeRecord record { .vm = vm,
        .digest = digest,
        .claim = claim,
        .old_user_config = old_config,
        .new_user_config = new_config,
        .direction = direction,
        .reason = reason,
        .log_seen = log_seen };
    if (!taken_over.empty())
        record.taken_over = TRY(Claim::parse(taken_over));
    return record;
}

Result<UpgradeJournal> UpgradeJournal::open(std::filesystem::path const& directory, std::string const& vm)
{
    // The VMM chose it, and it becomes the name of a file.
    if (vm.empty() || vm.size() > 128 || !std::ranges::all_of(vm, is_of_an_id))
        return Error(ErrorKind::Invalid, "the VMM gave a VM an id that is none");
    std::error_code failure;
    // One that was there already may be everybody's; the files in it are their owner's alone in any case.
    if (std::filesystem::create_directories(directory, failure) && !failure)
        std::filesystem::permissions(directory, std::filesystem::perms::owner_all, failure);
    if (failure)
        return Error(ErrorKind::Io, directory.string() + ": " + failure.message())
            .remedy("name a directory of your own with --state");
    auto const lock_file = directory / (vm + ".lock");
    Fd lock(::open(lock_file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!lock)
        return io_error(lock_file);
    if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return io_error(lock_file);
        return Error(ErrorKind::Refused, "another upgrade of this VM runs on this machine")
            .remedy("wait until it has ended");
    }
    return UpgradeJournal(directory / (vm + ".json"), std::move(lock));
}

Result<std::optional<UpgradeRecord>> UpgradeJournal::load() const
{
    auto const text = read_file(m_file, most_bytes);
    if (!text.ok() && text.error().kind() == ErrorKind::NotFound)
        return std::optional<UpgradeRecord>();
    if (!text.ok())
        return text.error();
    return std::optional(TRY(UpgradeRecord::parse(*text)
            .in(m_file.string())
            .remedy("look into the file: it holds the user_config to go back to")));
}

Result<void> UpgradeJournal::save(UpgradeRecord const& record) const
{
    return write_file_atomically(m_file, record.to_json().reveal());
}

Result<void> UpgradeJournal::remove() const
{
    std::error_code failure;
    std::filesystem::remove(m_file, failure);
    return failure ? Result<void>(Error(ErrorKind::Io, m_file.string() + ": " + failure.message())) : ok;
}

Result<void> UpgradeJournal::set_aside() const
{
    auto kept = m_file;
    kept.replace_extension(".abandoned.json");
    std::error_code failure;
    std::filesystem::rename(m_file, kept, failure);
    return failure ? Result<void>(Error(ErrorKind::Io, m_file.string() + ": " + failure.message())) : ok;
}

}  // namespace mpc::vmm
