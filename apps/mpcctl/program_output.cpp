#include "mpcctl/program_output.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace mpc::ctl {

namespace {

constexpr std::size_t most_bytes = std::size_t { 64 } << 10;

/// A program that runs, and is killed and waited for when this goes out of scope.
class Child {
public:
    explicit Child(pid_t pid) : m_pid(pid) {}
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;
    ~Child()
    {
        if (m_pid == 0)
            return;
        kill(m_pid, SIGKILL);
        waitpid(m_pid, nullptr, 0);
    }

    /// Waits for its end; whether that was with status 0. Errors: Timeout, Interrupted.
    Result<bool> succeeds(Deadline const& deadline, Interrupt const& interrupt)
    {
        int status = 0;
        while (waitpid(m_pid, &status, WNOHANG) != m_pid) {
            if (deadline.passed())
                return Error(ErrorKind::Timeout, "it did not end in time");
            TRY(interrupt.sleep(std::chrono::milliseconds(2)));
        }
        m_pid = 0;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

private:
    pid_t m_pid;
};

Result<pid_t> spawn(std::filesystem::path const& program, std::vector<std::string> arguments, int output)
{
    auto name = program.string();
    std::vector<char*> words { name.data() };
    for (auto& argument : arguments)
        words.push_back(argument.data());
    words.push_back(nullptr);
    // Signals that we take as descriptors are blocked here; the program shall have them.
    sigset_t none {};
    sigemptyset(&none);
    posix_spawnattr_t attributes {};
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_t actions {};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    auto const error = posix_spawn(&pid, name.c_str(), &actions, &attributes, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        errno = error;
        return Error(error == ENOENT ? ErrorKind::NotFound : ErrorKind::Io, "cannot run " + name + ": " + errno_text());
    }
    return pid;
}

/// Everything until the other end is closed.
Result<std::string> read_all(int input, Deadline const& deadline, Interrupt const& interrupt)
{
    std::string text;
    for (;;) {
        std::array<pollfd, 2> watched { pollfd { input, POLLIN, 0 }, pollfd { interrupt.fd(), POLLIN, 0 } };
        auto const ready = poll(watched.data(), watched.size(), static_cast<int>(deadline.remaining().count()));
        if (interrupt.raised())
            return Interrupt::error();
        if (ready == 0)
            return Error(ErrorKind::Timeout, "it did not end in time");
        if (ready < 0)
            continue;
        std::array<char, 4096> piece {};
        auto const size = read(input, piece.data(), piece.size());
        if (size < 0 && errno != EINTR)
            return Error(ErrorKind::Io, "cannot read its output: " + errno_text());
        if (size == 0)
            return text;
        text.append(piece.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        if (text.size() > most_bytes)
            return Error(ErrorKind::Invalid, "it writes more than 64 KiB");
    }
}

}  // namespace

Result<std::string> output_of(std::filesystem::path const& program, std::vector<std::string> arguments,
    Duration deadline, Interrupt const& interrupt)
{
    std::array<int, 2> ends {};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        return Error(ErrorKind::Io, "cannot make a pipe: " + errno_text());
    Fd const input(ends[0]);
    Fd output(ends[1]);
    Child child(TRY(spawn(program, std::move(arguments), output.get())));
    output = Fd();
    auto const end = Deadline::after(deadline);
    auto text = TRY(read_all(input.get(), end, interrupt).in(program.string()));
    if (!TRY(child.succeeds(end, interrupt).in(program.string())))
        return Error(ErrorKind::Refused, program.string() + " failed");
    return text;
}

}  // namespace mpc::ctl
