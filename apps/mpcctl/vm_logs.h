// mpcctl logs: what a VM has written to its console.
#pragma once

#include "mpcctl/vmm_access.h"

namespace mpc::ctl {

enum class LogForm { Text, Json };

struct LogsOptions {
    VmmOptions vmm {};
    std::string vm;                  ///< id or name
    std::string channel = "serial";  ///< or "stdout", "stderr" of the VM's process
    std::uint32_t lines = 100;
    bool follow = false;
    LogForm form = LogForm::Text;
};

/// Foreign text, line by line, without the line that a VMM sends to keep a connection alive. As text it is made fit for
/// a terminal, see printable(). As JSON each line is {"line": text}, with U+FFFD for what is not UTF-8.
class LogText {
public:
    explicit LogText(LogForm form = LogForm::Text) : m_form(form) {}

    /// The whole lines so far that were not handed out yet. A line of more than 64 KiB is handed out in parts.
    [[nodiscard]] std::string add(std::string_view piece);
    /// What is left after the last newline.
    [[nodiscard]] std::string rest();

private:
    [[nodiscard]] std::string shown(std::string line) const;

    LogForm m_form;
    std::string m_line;
};

/// Copies the log to standard output, with `follow` until it ends or a signal asks to end. Errors: those of client_of()
/// and vm_named(), the VMM's with the exit code OtherSide.
[[nodiscard]] Result<ExitCode> run(LogsOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
