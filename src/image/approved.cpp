#include "image/approved.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/trim.h"
#include "json/json.h"

namespace mpc::image {

namespace {

// Some 800 digests. The contract keeps the newest and those replaced within the last week.
constexpr std::size_t largest_file = std::size_t { 64 } << 10;

std::string_view trim(std::string_view text) { return mpc::trim(text, " \t\r\n\f\v"); }

Result<Approved> parse_json(std::string_view content)
{
    auto document = json::read_object(content);
    if (!document.ok())  // its text may quote a name of the file, at any length
        return Error(ErrorKind::Invalid, printable(document.error().message(), 200));
    auto const& entries = *TRY(document->require_array("approved_hashes"));
    if (entries.empty())
        return Error(ErrorKind::Invalid, "approved_hashes is empty, so nothing is approved");

    Approved approved { .digests = {}, .form = ApprovedForm::Json, .path = {} };
    for (std::size_t i = 0; i < entries.size(); ++i) {
        auto const where = "approved_hashes, entry " + std::to_string(i + 1);
        auto const* text = entries[i].text();
        if (!text)
            return Error(ErrorKind::Invalid, where + ": not text");
        auto const digest = TRY(ImageDigest::parse(*text).in(where));
        if (std::ranges::find(approved.digests, digest) == approved.digests.end())
            approved.digests.push_back(digest);
    }
    return approved;
}

Result<Approved> parse_text(std::string_view text)
{
    if (text.starts_with("sha256:"))
        return Approved { { TRY(ImageDigest::parse(text)) }, ApprovedForm::PrefixedText, {} };
    auto digest = ImageDigest::parse("sha256:" + std::string(text.substr(0, 65)));
    if (!digest.ok())
        return Error(ErrorKind::Invalid,
            "neither {\"approved_hashes\":[...]}, nor \"sha256:\" and 64 lower-case hex characters, nor these alone");
    return Approved { { *digest }, ApprovedForm::BareText, {} };
}

/// Whether anything at all is at the path. A link that leads nowhere is something.
Result<bool> is_there(std::filesystem::path const& path)
{
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT)
            return false;
        return Error(ErrorKind::Io, "cannot look for " + path.string() + ": " + errno_text());
    }
    // The node writes it by renaming a file of its own, so a link or a device was put there by somebody else.
    if (!S_ISREG(status.st_mode))
        return Error(ErrorKind::Io, path.string() + " is not a regular file");
    return true;
}

Result<std::string> read_existing(std::filesystem::path const& path)
{
    auto content = read_file(path, largest_file);
    if (!content.ok() && content.error().kind() == ErrorKind::NotFound)  // gone since: an error, never "no file"
        return Error(ErrorKind::Io, content.error().message());
    return content;
}

Result<std::optional<Approved>> read_first(std::filesystem::path const& directory)
{
    std::error_code error;
    if (!std::filesystem::is_directory(directory, error))
        return Error(ErrorKind::Io, directory.string() + " is not a directory that can be read");
    for (auto const* name : { "image-digest.bin", "image-digest" }) {
        auto const path = directory / name;
        if (!TRY(is_there(path)))
            continue;
        auto const content = TRY(read_existing(path));
        auto approved = TRY(parse_approved(content).in(path.string()));
        approved.path = path;
        return std::optional(std::move(approved));
    }
    return std::optional<Approved>();
}

Error refuse(std::string message, std::string remedy)
{
    return Error(ErrorKind::Invalid, std::move(message)).remedy(std::move(remedy)).exit_as(ExitCode::Digest);
}

}  // namespace

Result<Approved> parse_approved(std::string_view content)
{
    if (content.size() > largest_file)
        return Error(ErrorKind::Invalid, "larger than " + std::to_string(largest_file) + " bytes");
    auto const text = trim(content);
    if (text.empty())
        return Error(ErrorKind::Invalid, "empty");
    return text.starts_with('{') ? parse_json(content) : parse_text(text);
}

Result<std::optional<Approved>> read_approved(std::filesystem::path const& shared_directory)
{
    return read_first(shared_directory)
        .in("approved digests")
        .remedy("let the node write the file again, or put the approved digests into it")
        .exit_as(ExitCode::Digest);
}

Result<Selection> select(std::optional<Approved> const& approved, std::optional<ImageDigest> const& override_digest,
    ImageDigest const& default_digest)
{
    if (!approved) {
        if (override_digest && *override_digest != default_digest)
            return refuse("the override in user_config is not the default digest, and no approved-digests file exists",
                "remove the override: a new CVM starts with the default digest, until its node knows the contract");
        return Selection { default_digest, Choice::Default };
    }
    if (approved->digests.empty())
        return refuse("no digest is approved", "let the node write the approved-digests file again");
    if (!override_digest)
        return Selection { approved->digests.front(), Choice::Newest };
    if (std::ranges::find(approved->digests, *override_digest) == approved->digests.end())
        return refuse("the override in user_config does not match any approved digest",
            "remove the override to run the newest approved digest, or name one that is approved");
    return Selection { *override_digest, Choice::Override };
}

}  // namespace mpc::image
