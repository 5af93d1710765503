// mpcctl agent log: what a guest agent logged in this boot, and whether that explains the register that it quotes.
#pragma once

#include <filesystem>
#include <string>

#include "dstack/agent.h"
#include "mpcctl/exit_code.h"

namespace mpc::ctl {

struct AgentLogOptions {
    std::filesystem::path socket = "/var/run/dstack.sock";
    int timeout_seconds = 30;
    bool json = false;
};

/// An event log held against a quote's RTMR3. Whether Intel signed the quote is not looked at: that is `mpcctl verify`.
struct LogReport {
    evidence::EventLog log;
    evidence::Rtmr quoted;
    Result<evidence::Rtmr> replayed;  ///< an error where the log contradicts itself

    [[nodiscard]] bool equal() const { return replayed.ok() && *replayed == quoted; }
};

[[nodiscard]] LogReport report_on(dstack::Quote const& quote);
/// A table of the events, the two registers, a verdict; ends with a newline.
[[nodiscard]] std::string as_table(LogReport const& report);
/// {"events":[{"imr","event_type","digest","event","event_payload"}],
///  "rtmr3":{"replayed","quoted","equal"[,"problem"]}}; digests that the agent strips are computed.
[[nodiscard]] std::string as_json(LogReport const& report);

/// Prints the report on standard output. Done when the registers are equal, NotTrusted when not. Errors: what the agent
/// does wrong is from_other_side().
[[nodiscard]] Result<ExitCode> run(AgentLogOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
