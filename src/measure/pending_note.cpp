#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/fd.h"
#include "measure/measurement.h"

namespace mpc::measure {

Result<std::string> PendingNote::identity() const
{
    struct stat status {};
    if (stat(m_agent_socket.c_str(), &status) != 0)
        return Error(ErrorKind::Io, "cannot stat " + m_agent_socket.string() + ": " + errno_text());
    return fmt::format("agent socket {}:{} of {}.{:09}\n", status.st_dev, status.st_ino, status.st_ctim.tv_sec,
        status.st_ctim.tv_nsec);
}

Result<bool> PendingNote::exists() const
{
    auto const note = read_file(m_file, 4096);
    if (!note.ok())
        return note.error().kind() != ErrorKind::NotFound;
    return *note == TRY(identity());
}

Result<void> PendingNote::write() const
{
    return write_file_atomically(m_file, TRY(identity())).remedy("the shared volume must be writable and have space");
}

Result<void> PendingNote::remove() const
{
    if (unlink(m_file.c_str()) != 0 && errno != ENOENT)
        return Error(ErrorKind::Io, "cannot remove " + m_file.string() + ": " + errno_text());
    return ok;
}

}  // namespace mpc::measure
