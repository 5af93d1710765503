// Addresses of servers, checked before anything is connected to.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mpc::net {

/// Whether a host, as Url::host() gives it or without an IPv6 address's brackets, is this machine: "localhost" and what
/// ends with ".localhost" (RFC 6761), with or without a last dot; 127.0.0.0/8 and 0.0.0.0, also within ::ffff:0:0/96;
/// ::1 and ::. A name that only begins like one ("127.example.org") is not.
[[nodiscard]] bool is_loopback(std::string_view host);
/// Whether it is an address that means something on this machine's own link only, such as a cloud's metadata service:
/// 169.254.0.0/16, fe80::/10. (Of both: IPv4 in IPv6, ::ffff:127.0.0.1, as well.)
[[nodiscard]] bool is_link_local(std::string_view host);

/// An absolute http or https URL without user, password and fragment, so that no part of it but the query can be a
/// secret.
class Url {
public:
    /// At most 2048 bytes of ASCII. Errors: Invalid, never with a user or password in it.
    static Result<Url> parse(std::string_view text);

    [[nodiscard]] std::string const& text() const { return m_text; }
    [[nodiscard]] std::string const& host() const { return m_host; }  ///< lower case
    /// The whole without its query: what people and logs see.
    [[nodiscard]] std::string const& display() const { return m_display; }
    [[nodiscard]] bool has_query() const { return m_text != m_display; }
    /// With TLS, or to this machine: what a secret may be sent to. A name with a last dot is looked up, whatever it is.
    [[nodiscard]] bool is_private() const
    {
        return m_text.starts_with("https:") || (is_loopback(m_host) && !m_host.ends_with('.'));
    }
    /// Scheme, host and port: "https://ghcr.io".
    [[nodiscard]] std::string origin() const { return m_text.substr(0, m_text.find('/', m_text.find("://") + 3)); }
    /// Where a reference leads that stands in what this URL names, such as a Location (RFC 3986, 5). Errors: as
    /// parse().
    [[nodiscard]] Result<Url> resolve(std::string_view reference) const;
    bool operator==(Url const&) const = default;

private:
    Url(std::string text, std::string host, std::string display)
        : m_text(std::move(text)), m_host(std::move(host)), m_display(std::move(display))
    {
    }
    std::string m_text;
    std::string m_host;
    std::string m_display;
};

}  // namespace mpc::net
