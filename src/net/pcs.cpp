#include "net/pcs.h"

#include <algorithm>
#include <initializer_list>

#include "net/pcs_response.h"
#include "json/json.h"

namespace mpc::net {

namespace {

/// One endpoint, during one fetch.
class Service {
public:
    Service(Endpoint const& endpoint, Duration timeout, Interrupt const& interrupt)
        : m_endpoint(endpoint), m_timeout(timeout), m_interrupt(interrupt)
    {
    }

    /// `path` begins without a slash.
    [[nodiscard]] Result<http::Response> get_path(std::string const& path) const
    {
        auto const& base = m_endpoint.base.text();
        return get_url(TRY(Url::parse(base + (base.ends_with('/') ? "" : "/") + path)));
    }

    [[nodiscard]] Result<http::Response> get_root_crl() const
    {
        if (m_endpoint.root_crl)
            return get_url(*m_endpoint.root_crl);
        return get_path("sgx/certification/v4/rootcacrl")
            .remedy("If the service is no PCCS, say where the root CRL is: root-crl=URL.");
    }

private:
    [[nodiscard]] Result<http::Response> get_url(Url const& url) const
    {
        return net::get({ .url = url, .tls = m_endpoint.tls, .deadline = m_timeout }, m_interrupt);
    }

    Endpoint const& m_endpoint;
    Duration m_timeout;
    Interrupt const& m_interrupt;
};

bool equal_but_for_case(std::string_view a, std::string_view b)
{
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

/// The issuer chain, which is in exactly one of these headers.
Result<std::string> chain_of(http::Response const& response, std::initializer_list<std::string_view> names)
{
    std::string const* found = nullptr;
    for (auto const& [header, value] : response.headers) {
        for (auto const name : names) {
            if (!equal_but_for_case(header, name))
                continue;
            if (found)
                return Error(ErrorKind::Invalid, "two issuer chains");
            found = &value;
        }
    }
    if (!found)
        return Error(ErrorKind::Invalid, "no header " + std::string(*names.begin()));
    return decode_chain_header(*found).in(std::string(*names.begin()));
}

void add(json::Object& object, char const* name, std::string value) { object.add_new(name, std::move(value)); }

Result<void> add_pck_crl(json::Object& object, Service const& service, PckCa ca)
{
    auto const path = std::string("sgx/certification/v4/pckcrl?ca=") + name_of(ca) + "&encoding=der";
    auto const answer = TRY(service.get_path(path));
    add(object, "pck_crl_issuer_chain", TRY(chain_of(answer, { "SGX-PCK-CRL-Issuer-Chain" })));
    add(object, "pck_crl", to_hex(TRY(decode_crl(answer.body))));
    return ok;
}

Result<void> add_root_crl(json::Object& object, Service const& service)
{
    auto const answer = TRY(service.get_root_crl());
    add(object, "root_ca_crl", to_hex(TRY(decode_crl(answer.body))));
    return ok;
}

Result<void> add_tcb_info(json::Object& object, Service const& service, Platform const& platform)
{
    auto const answer = TRY(service.get_path("tdx/certification/v4/tcb?fmspc=" + platform.fmspc_hex()));
    auto signed_text = TRY(parse_signed_member(answer.body, "tcbInfo"));
    // Version 3 of the API, and services that were made for it, have another name for the header.
    add(object, "tcb_info_issuer_chain",
        TRY(chain_of(answer, { "TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain" })));
    add(object, "tcb_info", std::move(signed_text.text));
    add(object, "tcb_info_signature", std::move(signed_text.signature));
    return ok;
}

Result<void> add_qe_identity(json::Object& object, Service const& service)
{
    auto const answer = TRY(service.get_path("tdx/certification/v4/qe/identity?update=standard"));
    auto signed_text = TRY(parse_signed_member(answer.body, "enclaveIdentity"));
    add(object, "qe_identity_issuer_chain", TRY(chain_of(answer, { "SGX-Enclave-Identity-Issuer-Chain" })));
    add(object, "qe_identity", std::move(signed_text.text));
    add(object, "qe_identity_signature", std::move(signed_text.signature));
    return ok;
}

}  // namespace

Result<std::string> fetch_from(Endpoint const& endpoint, Platform const& platform, Duration timeout,
    Interrupt const& interrupt)
{
    Service const service(endpoint, timeout, interrupt);
    json::Object object;
    TRY(add_pck_crl(object, service, platform.ca).in("PCK CRL"));
    TRY(add_root_crl(object, service).in("root CRL"));
    TRY(add_tcb_info(object, service, platform).in("TCB Info"));
    TRY(add_qe_identity(object, service).in("QE identity"));
    return json::write(object);
}

Result<Bytes> fetch_root_crl(Endpoint const& endpoint, Duration timeout, Interrupt const& interrupt)
{
    auto const answer = TRY(Service(endpoint, timeout, interrupt).get_root_crl());
    return decode_crl(answer.body);
}

}  // namespace mpc::net
