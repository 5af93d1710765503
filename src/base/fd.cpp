#include "base/fd.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpc {

namespace {

Error io_error(std::string const& what, std::filesystem::path const& path)
{
    return { errno == ENOENT ? ErrorKind::NotFound : ErrorKind::Io, what + " " + path.string() + ": " + errno_text() };
}

Result<void> write_all(Fd const& fd, std::string_view content, std::filesystem::path const& path)
{
    while (!content.empty()) {
        auto const written = write(fd.get(), content.data(), content.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return io_error("cannot write", path);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (fsync(fd.get()) != 0)
        return io_error("cannot flush", path);
    return ok;
}

// Of the name of a temporary file: ".NAME.XXXXXX.new", as mkostemps() fills it in.
constexpr std::string_view any_six = "XXXXXX";
constexpr std::string_view suffix = ".new";

std::filesystem::path directory_of(std::filesystem::path const& path)
{
    return path.has_parent_path() ? path.parent_path() : ".";
}

/// Whether the name is one that a writer of the file gives; earlier versions gave ".NAME.new" to each.
bool is_temporary(std::string_view name, std::string const& file)
{
    auto const start = "." + file;
    if (!name.starts_with(start))
        return false;
    name.remove_prefix(start.size());
    return name == suffix
        || (name.size() == 1 + any_six.size() + suffix.size() && name.starts_with('.') && name.ends_with(suffix));
}

/// Removes what writers of the file that were killed left beside it: who is at work has it for seconds, not for an
/// hour.
void remove_leftovers(std::filesystem::path const& path)
{
    namespace fs = std::filesystem;
    auto const oldest = fs::file_time_type::clock::now() - std::chrono::hours(1);
    std::error_code error;
    for (fs::directory_iterator entry(directory_of(path), error), end; !error && entry != end; entry.increment(error)) {
        std::error_code gone;
        if (is_temporary(entry->path().filename().native(), path.filename()) && entry->last_write_time(gone) < oldest
            && !gone)
            unlink(entry->path().c_str());
    }
}

Result<void> write_and_rename(Fd const& fd, std::filesystem::path const& temporary, std::filesystem::path const& path,
    std::string_view content)
{
    TRY(write_all(fd, content, path));
    if (rename(temporary.c_str(), path.c_str()) != 0)
        return io_error("cannot rename to", path);
    Fd const directory(open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || fsync(directory.get()) != 0)
        return io_error("cannot flush the directory of", path);
    return ok;
}

}  // namespace

Fd::~Fd()
{
    if (m_fd >= 0)
        close(m_fd);
}

std::string errno_text()
{
    char buffer[128];
    return strerror_r(errno, buffer, sizeof buffer);
}

Result<std::string> read_file(std::filesystem::path const& path, std::size_t limit)
{
    // O_NONBLOCK: a FIFO put in the file's place must not make us wait for a writer.
    Fd const fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd)
        return io_error("cannot open", path);
    struct stat status {};
    if (fstat(fd.get(), &status) != 0)
        return io_error("cannot stat", path);
    if (!S_ISREG(status.st_mode))
        return Error(ErrorKind::Io, path.string() + " is not a regular file");

    std::string content;
    char buffer[64 * 1024];
    for (;;) {
        auto const count = read(fd.get(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return io_error("cannot read", path);
        if (count == 0)
            return content;
        content.append(buffer, static_cast<std::size_t>(count));
        if (content.size() > limit)
            return Error(ErrorKind::Invalid, path.string() + " is larger than " + std::to_string(limit) + " bytes");
    }
}

Result<void> write_file_atomically(std::filesystem::path const& path, std::string_view content)
{
    remove_leftovers(path);
    auto temporary = (path.parent_path() / ("." + path.filename().string() + ".")).string();
    temporary.append(any_six).append(suffix);
    Fd const fd(mkostemps(temporary.data(), suffix.size(), O_CLOEXEC));
    if (!fd)
        return io_error("cannot create a file beside", path);
    auto result = write_and_rename(fd, temporary, path, content);
    if (!result.ok())
        unlink(temporary.c_str());
    return result;
}

Result<void> append_to_file(std::filesystem::path const& path, std::string_view content)
{
    Fd const fd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd)
        return io_error("cannot open", path);
    return write_all(fd, content, path);
}

}  // namespace mpc
