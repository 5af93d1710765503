// Deadlines, and the request to end: every wait of the program ends at the sooner of the two.
#pragma once

#include <chrono>
#include <csignal>
#include <initializer_list>

#include "base/fd.h"
#include "base/result.h"

namespace mpc {

using Duration = std::chrono::milliseconds;

/// A moment of the monotonic clock.
class Deadline {
public:
    static Deadline after(Duration duration) { return Deadline(std::chrono::steady_clock::now() + duration); }

    /// Never negative.
    [[nodiscard]] Duration remaining() const;
    [[nodiscard]] bool passed() const { return remaining() == Duration::zero(); }
    /// The sooner of this moment and `duration` from now.
    [[nodiscard]] Deadline at_most(Duration duration) const;

private:
    explicit Deadline(std::chrono::steady_clock::time_point at) : m_at(at) {}
    std::chrono::steady_clock::time_point m_at;
};

/// SIGTERM, SIGINT and the like, or a call, as a descriptor that becomes readable. Once raised it stays raised.
class Interrupt {
public:
    /// Blocks the signals in this thread (and those it starts later) and watches for them, but for an ignored SIGHUP.
    /// Errors: Io.
    static Result<Interrupt> on_signals(std::initializer_list<int> signals = { SIGTERM, SIGINT });
    /// One that is never raised, for tests and short commands.
    static Interrupt never() { return Interrupt(Fd()); }
    /// One that only raise() raises. Errors: Io.
    static Result<Interrupt> by_hand();

    /// From any thread; for one that was made by_hand().
    void raise() const;

    /// Readable when raised; -1 when it is never raised.
    [[nodiscard]] int fd() const { return m_fd.get(); }
    [[nodiscard]] bool raised() const;
    /// Sleeps. Errors: Interrupted.
    Result<void> sleep(Duration duration) const;
    /// What a wait that was cut short returns.
    [[nodiscard]] static Error error() { return { ErrorKind::Interrupted, "asked to end by a signal" }; }

private:
    explicit Interrupt(Fd fd) : m_fd(std::move(fd)) {}
    Fd m_fd;
};

}  // namespace mpc
