// What a verifier asks a guest agent, over its unix socket or over the network. (The launcher's own client,
// dstack::Agent, speaks over the socket only.)
#pragma once

#include <functional>

#include "attestation/dstack_info.h"
#include "dstack/agent.h"
#include "net/http_get.h"

namespace mpc::ctl {

/// The body of an agent's answer to a method with these arguments. Errors: Unreachable, Timeout, Interrupted, Refused,
/// Invalid.
using AgentCalls = std::function<Result<std::string>(std::string_view method, json::Object const& arguments)>;

/// The interrupt must outlive the calls.
[[nodiscard]] AgentCalls agent_calls_over_socket(std::filesystem::path socket, Duration timeout,
    Interrupt const& interrupt);
/// At a URL that ends before the method: http://host:8090. GET, with the arguments as a query.
[[nodiscard]] AgentCalls agent_calls_over_net(std::string base, net::TlsTrust tls, Duration timeout,
    Interrupt const& interrupt);

/// Report data that nobody asked for before, so that an answer that was stored earlier does not pass. Errors: Internal.
[[nodiscard]] Result<dstack::ReportData> fresh_nonce();
/// GetQuote. Errors: also Mismatch (it quotes something else).
[[nodiscard]] Result<dstack::Quote> quote_of_agent(AgentCalls const& calls, dstack::ReportData const& report_data);
/// Info's tcb_info.
[[nodiscard]] Result<attestation::DstackInfo> info_of_agent(AgentCalls const& calls);

}  // namespace mpc::ctl
