#include "vmm/transport.h"

#include <algorithm>

#include "base/bytes.h"
#include "net/http_post.h"
#include "net/http_stream.h"

namespace mpc::vmm {

namespace {

constexpr std::size_t most_answer_bytes = std::size_t { 32 } << 20;
constexpr std::string_view unix_prefix = "unix:";
constexpr auto longest_stream = std::chrono::hours(24 * 30);

bool fits_a_header(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

std::string basic_credentials(Endpoint const& endpoint)
{
    return to_base64(as_bytes(endpoint.user + ":" + endpoint.password->reveal()));
}

/// The headers that say who we are: none, or one.
Result<std::vector<http::Header>> headers_of(Endpoint const& endpoint)
{
    if (endpoint.token) {
        if (!fits_a_header(endpoint.token->reveal()))
            return Error(ErrorKind::Invalid, "the VMM's token is empty or has characters that no token has")
                .remedy("give the token alone, on one line without spaces");
        return std::vector<http::Header> { { "Authorization", "Bearer " + endpoint.token->reveal() } };
    }
    if (!endpoint.password)
        return std::vector<http::Header> {};
    if (endpoint.user.find(':') != std::string::npos)
        return Error(ErrorKind::Invalid, "the user name for the VMM has a colon")
            .remedy("set DSTACK_VMM_AUTH_USER to the name alone");
    return std::vector<http::Header> { { "Authorization", "Basic " + basic_credentials(endpoint) } };
}

class TcpTransport : public Transport {
public:
    TcpTransport(Endpoint const& endpoint, std::string base, std::vector<http::Header> headers,
        Interrupt const& interrupt)
        : m_tls(endpoint.tls), m_timeout(endpoint.timeout), m_base(std::move(base)), m_headers(std::move(headers)),
          m_interrupt(interrupt)
    {
    }

    Result<http::Response> post(std::string const& target, std::string const& body) override
    {
        auto const url = TRY(net::Url::parse(m_base + target));
        return net::post({ .url = url,
                             .body = body,
                             .headers = m_headers,
                             .tls = m_tls,
                             .deadline = m_timeout,
                             .most_body_bytes = most_answer_bytes },
            m_interrupt);
    }

    Result<http::Response> stream(std::string const& target, http::OnPiece const& on_piece, Duration silence) override
    {
        auto const url = TRY(net::Url::parse(m_base + target));
        return net::stream({ .url = url, .headers = m_headers, .tls = m_tls, .silence = silence }, on_piece,
            m_interrupt);
    }

private:
    net::TlsTrust m_tls;
    Duration m_timeout;
    std::string m_base;
    std::vector<http::Header> m_headers;
    Interrupt const& m_interrupt;
};

class UnixTransport : public Transport {
public:
    UnixTransport(std::string path, Duration timeout, std::vector<http::Header> headers, Interrupt const& interrupt)
        : m_client(std::move(path), interrupt), m_timeout(timeout), m_headers(std::move(headers))
    {
    }

    Result<http::Response> post(std::string const& target, std::string const& body) override
    {
        http::Request const request {
            .method = http::Method::Post, .target = target, .headers = m_headers, .body = body
        };
        return m_client.send(request, { .deadline = m_timeout, .silence = m_timeout, .body = most_answer_bytes });
    }

    Result<http::Response> stream(std::string const& target, http::OnPiece const& on_piece, Duration silence) override
    {
        http::Request const request { .target = target, .headers = m_headers };
        return m_client.stream(request, on_piece, { .deadline = longest_stream, .silence = silence });
    }

private:
    http::Client m_client;
    Duration m_timeout;
    std::vector<http::Header> m_headers;
};

Error no_such_address(std::string const& detail)
{
    return Error(ErrorKind::Invalid, "the VMM's address: " + detail)
        .remedy("write http://HOST:PORT, https://HOST:PORT or unix:PATH");
}

}  // namespace

std::vector<Secret> secrets_of(Endpoint const& endpoint)
{
    std::vector<Secret> secrets;
    if (endpoint.token)
        secrets.push_back(*endpoint.token);
    if (!endpoint.password)
        return secrets;
    secrets.push_back(*endpoint.password);
    auto sent = basic_credentials(endpoint);
    // Who repeats it may leave its padding away.
    sent.resize(sent.find_last_not_of('=') + 1);
    secrets.emplace_back(std::move(sent));
    return secrets;
}

Result<void> check_address(std::string const& address)
{
    if (address.starts_with(unix_prefix))
        return address.size() > unix_prefix.size() ? Result<void>(ok) : no_such_address("unix: without a path");
    auto const url = net::Url::parse(address);
    if (!url.ok())
        return no_such_address(url.error().message());
    return url->has_query() ? no_such_address("has a query") : Result<void>(ok);
}

Result<std::unique_ptr<Transport>> make_transport(Endpoint endpoint, Interrupt const& interrupt)
{
    TRY(check_address(endpoint.address));
    auto headers = TRY(headers_of(endpoint));
    TRY(net::check_trust(endpoint.tls).remedy("give a readable PEM file: --tls-ca, or ca of the context"));
    if (endpoint.address.starts_with(unix_prefix))
        return std::unique_ptr<Transport>(std::make_unique<UnixTransport>(endpoint.address.substr(unix_prefix.size()),
            endpoint.timeout, std::move(headers), interrupt));
    auto const url = net::Url::parse(endpoint.address);
    if (!headers.empty() && !url->is_private() && !std::holds_alternative<net::InsecureTls>(endpoint.tls))
        return Error(ErrorKind::Invalid, "the VMM's token or password would go to " + url->host() + " without TLS")
            .remedy("use https, or a tunnel to the VMM; --insecure sends it all the same");
    auto base = url->text();
    while (base.ends_with('/'))
        base.pop_back();
    return std::unique_ptr<Transport>(std::make_unique<TcpTransport>(endpoint, std::move(base), std::move(headers),
        interrupt));
}

}  // namespace mpc::vmm
