#include "mpcctl/output_file.h"

#include <fmt/format.h>

#include "base/fd.h"
#include "hash/hash.h"
#include "mpcctl/say.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t hashed_limit = std::size_t { 16 } << 20;

}  // namespace

Result<void> write_output(std::filesystem::path const& path, std::string_view content)
{
    std::error_code error;
    auto const target = std::filesystem::absolute(path, error);
    if (error || path.empty() || !target.has_filename())
        return Error(ErrorKind::Io, fmt::format("cannot write to \"{}\"", path.string()))
            .remedy("give a path for a file");
    if (path == "-")
        return Error(ErrorKind::Invalid, "- is not the name of a file")
            .exit_as(mpc::ExitCode::Usage)
            .remedy(
                "name a file (one of that name is ./-); where a command can use standard output, it is what it uses "
                "without the option");
    auto const status = std::filesystem::symlink_status(target, error);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        return Error(ErrorKind::Invalid, path.string() + " is not a regular file")
            .remedy("give the path of a file itself");
    return write_file_atomically(target, content)
        .remedy("give a path in a directory that exists and can be written to");
}

Result<void> write_measured_output(std::filesystem::path const& path, std::string_view content)
{
    auto const old = read_file(path, hashed_limit);
    TRY(write_output(path, content));
    if (old.ok() && *old != content)
        say(stderr, "note: {} held other bytes, SHA-256 {}\n", path.string(), to_hex(sha256({ as_bytes(*old) })));
    return ok;
}

}  // namespace mpc::ctl
