#include "simulator/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace mpc::simulator {

Result<Fd> lock_directory(std::filesystem::path const& directory, std::string const& what, Duration patience)
{
    auto const path = directory / "lock";
    Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd)
        return Error(ErrorKind::Io, "cannot open " + path.string() + ": " + errno_text());
    auto const deadline = Deadline::after(patience);
    while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (deadline.passed())
            return Error(ErrorKind::Invalid, directory.string() + " is the directory of " + what + " that runs")
                .remedy("stop it, or give another directory");
        usleep(10'000);
    }
    return fd;
}

}  // namespace mpc::simulator
