// Waiting until a VM is as it was asked to be: asked is not done.
#pragma once

#include "base/interrupt.h"
#include "vmm/client.h"

namespace mpc::vmm {

struct Patience {
    Duration deadline;
    Duration pause = std::chrono::seconds(1);  ///< between two questions, at most
};

/// A wait that has begun when this was made.
class Pauses {
public:
    explicit Pauses(Duration most) : m_most(most) {}

    /// How long to wait until the next look: a sixteenth of the time so far, so that what is waited for is seen little
    /// later than it happened; at least 50 ms, so that a VMM has other things to do; but never more than `most`.
    [[nodiscard]] Duration next() const;

private:
    Duration m_most;
    std::chrono::steady_clock::time_point m_begun = std::chrono::steady_clock::now();
};

/// Until the VMM says so. A question that fails in between is asked again until the deadline, unless the VMM refuses.
/// Errors: Timeout, with what the VM was doing; Refused; NotFound when there is no such VM; Interrupted.
[[nodiscard]] Result<void> wait_until_running(Client& client, std::string const& id, Patience patience,
    Interrupt const& interrupt);
/// The same for a VM that no longer runs: "stopped", and not "exited", which the VMM may start again.
[[nodiscard]] Result<void> wait_until_stopped(Client& client, std::string const& id, Patience patience,
    Interrupt const& interrupt);
/// Takes a VM that is in `status` to "stopped": a guest that runs is asked to end, again while it boots and nobody in
/// it can be asked yet; what has exited by itself the VMM is told to let go. Errors: Timeout (it was asked, and has not
/// ended); Refused (it cannot be asked); those of wait_until_stopped().
[[nodiscard]] Result<void> shut_down(Client& client, std::string const& id, Status status, Patience patience,
    Interrupt const& interrupt);
/// The same for a VM that the VMM no longer knows.
[[nodiscard]] Result<void> wait_until_gone(Client& client, std::string const& id, Patience patience,
    Interrupt const& interrupt);

}  // namespace mpc::vmm
