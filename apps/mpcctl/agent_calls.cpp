#include "mpcctl/agent_calls.h"

#include <unistd.h>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/log.h"
#include "http/client.h"

namespace mpc::ctl {

namespace {

Result<std::string> body_of(unsigned status, std::string body)
{
    if (status == 200)
        return body;
    auto const answer = json::read_object(body);
    auto const* reason = answer.ok() ? answer->find("error") : nullptr;
    return Error(ErrorKind::Refused,
        fmt::format("HTTP {}{}", status, reason && reason->text() ? ": " + printable(*reason->text()) : ""))
        .remedy("look at the guest agent's own log");
}

}  // namespace

AgentCalls agent_calls_over_socket(std::filesystem::path socket, Duration timeout, Interrupt const& interrupt)
{
    return [client = http::Client(std::move(socket), interrupt), timeout](std::string_view method,
               json::Object const& arguments) -> Result<std::string> {
        http::Request const request { .method = http::Method::Post,
            .target = "/" + std::string(method),
            .headers = { { "Content-Type", "application/json" } },
            .body = json::write(arguments) };
        auto response = TRY(client.send(request, { .deadline = timeout })
                .in(std::string(method))
                .remedy("give --agent the socket of a dstack guest agent (in a CVM: /var/run/dstack.sock) or of "
                        "`mpcctl sim agent`"));
        return body_of(response.status, std::move(response.body)).in(std::string(method));
    };
}

AgentCalls agent_calls_over_net(std::string base, net::TlsTrust tls, Duration timeout, Interrupt const& interrupt)
{
    while (base.ends_with('/'))
        base.pop_back();
    return [base, tls, timeout, &interrupt](std::string_view method,
               json::Object const& arguments) -> Result<std::string> {
        auto url = fmt::format("{}/{}", base, method);
        char separator = '?';
        // The only argument there is, report data, is hex: nothing needs escaping.
        for (auto const& [name, value] : arguments)
            url += std::exchange(separator, '&') + name + "=" + *value.text();
        net::GetRequest const request { .url = TRY(net::Url::parse(url)),
            .tls = tls,
            .deadline = timeout,
            .most_body_bytes = std::size_t { 16 } << 20 };
        return TRY(net::get(request, interrupt).in(std::string(method))).body;
    };
}

Result<dstack::ReportData> fresh_nonce()
{
    dstack::ReportData nonce {};
    if (getentropy(nonce.data(), nonce.size()) != 0)
        return Error(ErrorKind::Internal, "getentropy: " + errno_text());
    return nonce;
}

Result<dstack::Quote> quote_of_agent(AgentCalls const& calls, dstack::ReportData const& report_data)
{
    auto const body = TRY(calls("GetQuote", { { "report_data", to_hex(report_data) } }));
    return dstack::parse_quote_answer(body, report_data).in("GetQuote");
}

Result<attestation::DstackInfo> info_of_agent(AgentCalls const& calls)
{
    auto const answer = TRY(json::read_object(TRY(calls("Info", {}))).in("Info"));
    auto const text = TRY(answer.require_text("tcb_info").in("Info"));
    if (text.empty())
        return Error(ErrorKind::Refused, "Info: tcb_info is empty: this guest keeps it to itself")
            .remedy("set public_tcbinfo in app-compose, or give --tcb-info FILE");
    return attestation::DstackInfo::parse(text).in("Info");
}

}  // namespace mpc::ctl
