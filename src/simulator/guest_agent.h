// A simulated dstack guest agent: dstack's HTTP API in front of a measured VM. (agent_rpc.proto and ra-rpc of dstack
// v0.5.0 to v0.5.11.) Unlike dstack's own simulator it has state: an emitted event is in the log and in RTMR3.
#pragma once

#include <memory>
#include <mutex>

#include "http/server.h"
#include "simulator/journal.h"
#include "simulator/machine.h"
#include "simulator/measured_vm.h"
#include "simulator/misbehaviour.h"

namespace mpc::simulator {

struct GuestAgentOptions {
    std::string app_compose = default_app_compose();
    std::uint64_t seed = 1;
    std::string version = "0.5.8";  ///< see Dialect
    std::vector<Misbehaviour> misbehaviours {};
    Journal* journal = nullptr;  ///< gets "agent <method>", for EmitEvent with the event's name; outlives the agent
};

/// One boot of a CVM, seen through its agent's socket. Serves GetQuote, EmitEvent, Info and Version; GetKey, GetTlsKey,
/// Sign, Verify and Attest are answered as unknown methods. JSON only: what dstack would read as protobuf is refused.
/// Nothing is kept: another GuestAgent is another boot. Safe to use from any thread.
class GuestAgent {
public:
    /// Errors: Invalid (app-compose, version), Internal.
    static Result<std::unique_ptr<GuestAgent>> boot(GuestAgentOptions options);

    /// Answers POST (JSON body) and GET (query string) at "/<method>" as dstack does: 200; 400 with {"error": text} for
    /// everything that goes wrong; 404 for another path.
    [[nodiscard]] http::Answer handle(http::Request const& request);
    /// handle(), in the form that http::Server takes; this object must outlive it.
    [[nodiscard]] http::Handler handler()
    {
        return [this](http::Request const& request) { return handle(request); };
    }

    /// What is true now, past every lie.
    [[nodiscard]] evidence::EventLog log() const;
    [[nodiscard]] std::array<evidence::Rtmr, 4> rtmrs() const;
    [[nodiscard]] VmIdentity const& identity() const { return m_vm.identity(); }
    [[nodiscard]] Machine const& machine() const { return m_machine; }

private:
    GuestAgent(GuestAgentOptions options, Dialect dialect, MeasuredVm vm, Machine machine, std::string app_certificate);

    /// The body of a 200 as JSON text, or what is answered as 400.
    Result<std::string> call(std::string_view method, json::Object const& arguments, Faults const& faults);
    Result<std::string> get_quote(json::Object const& arguments, Faults const& faults) const;
    Result<std::string> emit_event(json::Object const& arguments, Faults const& faults);
    Result<std::string> info() const;
    Result<std::string> version() const;
    void note(std::string_view method, json::Object const& arguments) const;

    GuestAgentOptions m_options;
    Dialect m_dialect;
    mutable std::mutex m_mutex;  // guards the VM and the plan
    MeasuredVm m_vm;
    MisbehaviourPlan m_plan;
    Machine m_machine;
    std::string m_app_certificate;
};

}  // namespace mpc::simulator
