// A signal sent to the test's own thread, which must have blocked it (Interrupt::on_signals does).
#pragma once

#include <csignal>

namespace mpc::test {

/// Pending from its making to its death, so that the next test does not find it.
class RaisedSignal {
public:
    explicit RaisedSignal(int signal) : m_signal(signal) { pthread_kill(pthread_self(), signal); }
    ~RaisedSignal()
    {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, m_signal);
        timespec const at_once {};
        sigtimedwait(&set, nullptr, &at_once);
    }
    RaisedSignal(RaisedSignal const&) = delete;
    RaisedSignal& operator=(RaisedSignal const&) = delete;

private:
    int m_signal;
};

}  // namespace mpc::test
