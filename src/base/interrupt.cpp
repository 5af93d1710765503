#include "base/interrupt.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

namespace mpc {

namespace {

bool is_ignored(int signal)
{
    struct sigaction action {};
    return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Duration Deadline::remaining() const
{
    auto const left = std::chrono::ceil<Duration>(m_at - std::chrono::steady_clock::now());
    return std::max(left, Duration::zero());
}

Deadline Deadline::at_most(Duration duration) const
{
    return Deadline(std::min(m_at, std::chrono::steady_clock::now() + duration));
}

Result<Interrupt> Interrupt::on_signals(std::initializer_list<int> signals)
{
    sigset_t set;
    sigemptyset(&set);
    for (auto const signal : signals)
        // nohup(1) ignores it for us, but a signal descriptor sees it all the same.
        if (signal != SIGHUP || !is_ignored(signal))
            sigaddset(&set, signal);
    if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0)
        return Error(ErrorKind::Io, "cannot block signals");
    Fd fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd)
        return Error(ErrorKind::Io, "cannot open a signal descriptor: " + errno_text());
    return Interrupt(std::move(fd));
}

Result<Interrupt> Interrupt::by_hand()
{
    Fd fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd)
        return Error(ErrorKind::Io, "cannot open an event descriptor: " + errno_text());
    return Interrupt(std::move(fd));
}

void Interrupt::raise() const { (void)eventfd_write(m_fd.get(), 1); }

bool Interrupt::raised() const { return sleep(Duration::zero()).ok() == false; }

Result<void> Interrupt::sleep(Duration duration) const
{
    auto const deadline = Deadline::after(duration);
    // The descriptor is never read, so a raised interrupt stays raised for everybody who waits on it.
    pollfd waited { .fd = m_fd.get(), .events = POLLIN, .revents = 0 };
    do {
        auto const ready = poll(&waited, m_fd ? 1 : 0, static_cast<int>(deadline.remaining().count()));
        if (ready > 0)
            return error();
        if (ready < 0 && errno != EINTR)
            return Error(ErrorKind::Io, "poll: " + errno_text());
    } while (!deadline.passed());
    return ok;
}

}  // namespace mpc
