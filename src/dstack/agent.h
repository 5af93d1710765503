// The dstack guest agent, spoken to over its unix socket. (agent_rpc.proto, 0.5.0 to 0.6.0.)
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/interrupt.h"
#include "evidence/event_log.h"
#include "evidence/quote.h"

namespace mpc::dstack {

/// 64 bytes that the hardware signs along with the registers.
using ReportData = std::array<std::uint8_t, 64>;

struct Quote {
    Bytes bytes;
    evidence::QuoteView view;
    evidence::EventLog log;
    std::string log_text;  ///< the event log as the agent gave it
};

struct AgentVersion {
    unsigned major = 0;
    unsigned minor = 0;
    std::string text;
};

/// GetQuote's answer, held against what was asked: a quote of other report data proves nothing about this moment.
/// Errors: Invalid, Mismatch.
[[nodiscard]] Result<Quote> parse_quote_answer(std::string_view body, ReportData const& asked);

/// The calls that a launcher needs. Errors: Unreachable, Timeout, Interrupted, Invalid (the answer is malformed),
/// Refused (the agent's own error text is in the message, printable and cut).
class Agent {
public:
    virtual ~Agent() = default;
    /// nullopt before 0.5.7, which does not have the call.
    [[nodiscard]] virtual Result<std::optional<AgentVersion>> version() = 0;
    /// A fresh quote, with the log of this boot. Fails when the agent echoes other report data than asked for.
    [[nodiscard]] virtual Result<Quote> quote(ReportData const& report_data) = 0;
    /// Extends RTMR3 and the log by one event. Not idempotent; after any error but Refused the outcome is unknown. A
    /// refusal can leave the event in the log (0.5.6 to 0.5.11 log first, then extend), so that no later quote replays.
    [[nodiscard]] virtual Result<void> emit_event(std::string_view name, ByteView payload) = 0;

    /// Checks that a unix socket is at the path. Errors: NotFound, Invalid (something else is there), Io.
    static Result<std::unique_ptr<Agent>> connect(std::filesystem::path socket, Interrupt const& interrupt,
        Duration deadline = std::chrono::seconds(30));
};

}  // namespace mpc::dstack
