// mpcctl logs: what a VM has written to its console.
#pragma once

#include "mpcctl/vmm_access.h"

namespace mpc::ctl {

struct LogsOptions {
    VmmOptions vmm {};
    std::string vm;                  ///< id or name
    std::string channel = "serial";  ///< or "stdout", "stderr" of the VM's process
    std::uint32_t lines = 100;
    bool follow = false;
};

/// Foreign text made fit for a terminal, line by line: control characters but tabs become spaces, and the line that a
/// VMM sends to keep a connection alive is left out.
class LogText {
public:
    /// The whole lines so far that were not handed out yet. A line of more than 64 KiB is handed out in parts.
    [[nodiscard]] std::string add(std::string_view piece);
    /// What is left after the last newline.
    [[nodiscard]] std::string rest();

private:
    std::string m_line;
};

/// Copies the log to standard output, with `follow` until it ends or a signal asks to end. Errors: those of client_of()
/// and vm_named(), the VMM's with the exit code OtherSide.
[[nodiscard]] Result<ExitCode> run(LogsOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
