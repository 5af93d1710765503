// Following a boot: from the VM's start until its node runs, or it is known that it will not.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/exit_code.h"
#include "base/interrupt.h"
#include "net/url.h"
#include "vmm/client.h"

namespace mpc::vmm {

/// The launcher's log of now, as the guest's agent serves it: whole, or its end. Errors: whatever the asking met; a
/// guest that still boots does not answer.
using ReadLauncherLog = std::function<Result<std::string>()>;

/// What the launcher's log says of this boot.
struct LauncherState {
    bool is_launched = false;            ///< "MPC launched successfully."
    std::optional<ExitCode> failure {};  ///< how its last run ended, when that was not well
    std::string last_error {};           ///< its last line about that, printable
    std::string last_line {};            ///< as it stands in the log
    std::string selected {};             ///< the digest that its last run chose, "sha256:..."; "" when it chose none
};

/// Reads the log from after `seen`, a last_line of before the boot; "" or one that is not there means the whole. A
/// launcher that was started again is judged by its last run.
[[nodiscard]] LauncherState read_launcher_log(std::string_view log, std::string_view seen);

/// Whether starting the launcher again in the same boot could help: pulls, engine and agent may mend by themselves.
[[nodiscard]] bool may_mend(ExitCode code);

enum class BootOutcome {
    Launched,     ///< the launcher has said so, and the VM runs
    Unconfirmed,  ///< the VM has booted, and the launcher's log cannot be read from here
    Failed,       ///< it will not come up by itself
    TimedOut,
};

struct BootReport {
    BootOutcome outcome = BootOutcome::TimedOut;
    std::string reason {};  ///< one sentence, printable
    std::string remedy {};
    std::optional<ExitCode> launcher {};  ///< its exit code, when it has failed
    std::string selected {};              ///< the digest that it has launched, where its log says so
    Duration duration {};                 ///< from when it was begun to be followed
};

struct BootWatch {
    Duration deadline = std::chrono::minutes(15);
    Duration pause = std::chrono::seconds(2);                  ///< between two looks, at most (see Pauses)
    ReadLauncherLog launcher_log {};                           ///< empty when it cannot be reached
    std::string seen_before {};                                ///< see read_launcher_log()
    Duration patience_with_exited = std::chrono::seconds(20);  ///< for a VMM that starts one again
    std::function<void(std::string const&)> on_progress = [](std::string const&) {};  ///< each step, once, printable
};

/// Looks at the VM and at the launcher's log until the outcome is known or the deadline has passed. A VMM that does not
/// answer for a moment is asked again. Errors: Refused and Invalid (the VMM), NotFound (the VM is gone), Interrupted.
[[nodiscard]] Result<BootReport> follow_boot(Client& client, std::string const& id, BootWatch const& watch,
    Interrupt const& interrupt);

/// How to read the launcher's log at a URL.
[[nodiscard]] ReadLauncherLog launcher_log_at(net::Url url, Interrupt const& interrupt);

/// How to read the launcher's log through the port that leads to the guest's agent (8090 in the VM, public_logs):
/// empty when there is no such port, or it is bound where nobody but the VMM's host can reach it.
[[nodiscard]] ReadLauncherLog launcher_log_of(std::vector<PortForward> const& ports, std::string const& vmm_address,
    Interrupt const& interrupt);

}  // namespace mpc::vmm
