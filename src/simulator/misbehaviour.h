// How a simulated guest agent can be told to misbehave, as a real one might or as a hostile host would like it to.
#pragma once

#include <climits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/interrupt.h"
#include "base/result.h"

namespace mpc::simulator {

enum class Fault {
    Fail,           ///< 400 without doing the work
    Hang,           ///< does the work, never answers
    Delay,          ///< does the work, answers late
    Drop,           ///< does the work, closes without an answer
    DropBefore,     ///< closes without doing the work
    Cut,            ///< does the work, closes in the middle of the answer
    Html,           ///< a proxy's error page with 200, without doing the work
    LieLog,         ///< EmitEvent: extends, but the log lacks the event
    LieRegister,    ///< EmitEvent: logs, but the register is not extended
    LieTwice,       ///< EmitEvent: logs and extends two times
    LiePhantom,     ///< EmitEvent: logs, then fails to extend and says 400, as 0.5.6 to 0.5.11 can
    LieReportData,  ///< GetQuote: the quote holds other report data than asked for, the echo is right
    LieStatus,      ///< of a VMM, Status: says that every VM is running
    LieEcho,        ///< GetQuote: the echo is of other report data than asked for, the quote is right
};

struct Misbehaviour {
    Fault fault = Fault::Fail;
    std::string method {};      ///< such as GetQuote
    Duration delay { 0 };       ///< of Fault::Delay
    unsigned calls = UINT_MAX;  ///< how many of the first calls it spoils
};

/// From the text of an option: "METHOD[:CALLS]", for a delay "METHOD=MILLISECONDS[:CALLS]". `fault` is none of the
/// lies. Errors: Invalid.
[[nodiscard]] Result<Misbehaviour> parse_misbehaviour(Fault fault, std::string_view text);
/// As above, of a peer that has these methods.
[[nodiscard]] Result<Misbehaviour> parse_misbehaviour(Fault fault, std::string_view text,
    std::span<std::string_view const> methods);
/// From "log", "register", "twice", "phantom", "report-data" or "echo", each with or without ":CALLS". Errors: Invalid.
[[nodiscard]] Result<Misbehaviour> parse_lie(std::string_view text);

/// A VMM's: "status" or "status:CALLS". Errors: Invalid.
[[nodiscard]] Result<Misbehaviour> parse_vmm_lie(std::string_view text);

/// The misbehaviours that one call is subject to.
class Faults {
public:
    explicit Faults(std::vector<Misbehaviour> active) : m_active(std::move(active)) {}

    [[nodiscard]] bool has(Fault fault) const;
    [[nodiscard]] Duration delay() const;

private:
    std::vector<Misbehaviour> m_active;
};

/// All of an agent's misbehaviours, each counting the calls that it still spoils.
class MisbehaviourPlan {
public:
    explicit MisbehaviourPlan(std::vector<Misbehaviour> misbehaviours) : m_misbehaviours(std::move(misbehaviours)) {}
    /// Counts one call of the method.
    [[nodiscard]] Faults next_call_of(std::string_view method);

private:
    std::vector<Misbehaviour> m_misbehaviours;
};

}  // namespace mpc::simulator
