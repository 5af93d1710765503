#include "simulator/misbehaviour.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::simulator {

namespace {

constexpr std::array<std::string_view, 4> agent_methods { "GetQuote", "EmitEvent", "Info", "Version" };

struct Lie {
    std::string_view name;
    Fault fault;
    std::string_view method;
};
constexpr std::array<Lie, 6> lies { {
    { "log", Fault::LieLog, "EmitEvent" },
    { "register", Fault::LieRegister, "EmitEvent" },
    { "twice", Fault::LieTwice, "EmitEvent" },
    { "phantom", Fault::LiePhantom, "EmitEvent" },
    { "report-data", Fault::LieReportData, "GetQuote" },
    { "echo", Fault::LieEcho, "GetQuote" },
} };

Result<unsigned> parse_number(std::string_view text)
{
    unsigned number = 0;
    auto const read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size())
        return Error(ErrorKind::Invalid, fmt::format("\"{}\" is not a number", printable(text, 40)));
    return number;
}

/// Takes what follows the last `separator` off the text; nullopt when there is none.
Result<std::optional<unsigned>> take_number_after(char separator, std::string_view& text)
{
    auto const at = text.rfind(separator);
    if (at == std::string_view::npos)
        return std::optional<unsigned>();
    auto const number = TRY(parse_number(text.substr(at + 1)));
    text = text.substr(0, at);
    return std::optional(number);
}

}  // namespace

Result<Misbehaviour> parse_misbehaviour(Fault fault, std::string_view text)
{
    return parse_misbehaviour(fault, text, agent_methods);
}

Result<Misbehaviour> parse_misbehaviour(Fault fault, std::string_view text, std::span<std::string_view const> methods)
{
    Misbehaviour misbehaviour { .fault = fault };
    misbehaviour.calls = TRY(take_number_after(':', text)).value_or(UINT_MAX);
    auto const delay = TRY(take_number_after('=', text));
    if (delay.has_value() != (fault == Fault::Delay))
        return Error(ErrorKind::Invalid,
            fault == Fault::Delay ? "a delay is written METHOD=MILLISECONDS"
                                  : "only a delay is written METHOD=MILLISECONDS");
    misbehaviour.delay = Duration(delay.value_or(0));
    if (std::ranges::find(methods, text) == methods.end())
        return Error(ErrorKind::Invalid,
            fmt::format("\"{}\" is none of {}", printable(text, 40), fmt::join(methods, ", ")));
    misbehaviour.method = text;
    return misbehaviour;
}

Result<Misbehaviour> parse_lie(std::string_view text)
{
    Misbehaviour misbehaviour;
    misbehaviour.calls = TRY(take_number_after(':', text)).value_or(UINT_MAX);
    auto const* const lie = std::ranges::find(lies, text, &Lie::name);
    if (lie == lies.end())
        return Error(ErrorKind::Invalid, fmt::format("\"{}\" is no lie that the agent knows", printable(text, 40)))
            .remedy("choose one of log, register, twice, phantom, report-data and echo");
    misbehaviour.fault = lie->fault;
    misbehaviour.method = lie->method;
    return misbehaviour;
}

Result<Misbehaviour> parse_vmm_lie(std::string_view text)
{
    Misbehaviour misbehaviour { .fault = Fault::LieStatus, .method = "Status" };
    misbehaviour.calls = TRY(take_number_after(':', text)).value_or(UINT_MAX);
    if (text != "status")
        return Error(ErrorKind::Invalid, fmt::format("\"{}\" is no lie that the VMM knows", printable(text, 40)))
            .remedy("the one that it knows is status");
    return misbehaviour;
}

bool Faults::has(Fault fault) const
{
    return std::ranges::find(m_active, fault, &Misbehaviour::fault) != m_active.end();
}

Duration Faults::delay() const
{
    Duration delay { 0 };
    for (auto const& misbehaviour : m_active)
        delay += misbehaviour.delay;
    return delay;
}

Faults MisbehaviourPlan::next_call_of(std::string_view method)
{
    std::vector<Misbehaviour> active;
    for (auto& misbehaviour : m_misbehaviours) {
        if (misbehaviour.method != method || misbehaviour.calls == 0)
            continue;
        if (misbehaviour.calls != UINT_MAX)
            --misbehaviour.calls;
        active.push_back(misbehaviour);
    }
    return Faults(std::move(active));
}

}  // namespace mpc::simulator
