#include "net/url.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <arpa/inet.h>
#include <curl/curl.h>

namespace mpc::net {

namespace {

struct FreedByCurl {
    void operator()(char* text) const { curl_free(text); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Handle = std::unique_ptr<CURLU, FreedByCurl>;

constexpr std::size_t most_bytes = 2048;

/// A part of the URL; "" when it has none.
std::string part(Handle const& url, CURLUPart which)
{
    char* text = nullptr;
    if (curl_url_get(url.get(), which, &text, 0) != CURLUE_OK)
        return {};
    return std::unique_ptr<char, FreedByCurl>(text).get();
}

Error invalid(std::string const& why)
{
    return Error(ErrorKind::Invalid, "not a usable address: " + why).remedy("Write it as https://HOST[:PORT][/PATH].");
}

/// curl takes one or three as well, and what follows them for the host.
bool has_two_slashes(std::string_view text)
{
    auto const rest = text.substr(std::min(text.find(':'), text.size()));
    return rest.starts_with("://") && !rest.starts_with(":///");
}

bool is_plain(char c) { return c > ' ' && c <= '~'; }

/// Of a name, an IPv4 address, or an IPv6 address in brackets. curl decodes percent signs in a host to any bytes.
bool is_of_a_host(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view("-._:[]").contains(c);
}

/// An IPv4 address as the IPv6 address that means it; nothing for a name.
std::optional<in6_addr> address_of(std::string_view host)
{
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    in6_addr address {};
    if (inet_pton(AF_INET6, std::string(host).c_str(), &address) != 1
        && inet_pton(AF_INET6, ("::ffff:" + std::string(host)).c_str(), &address) != 1)
        return std::nullopt;
    return address;
}

bool is_v4(in6_addr const& address) { return IN6_IS_ADDR_V4MAPPED(&address); }

}  // namespace

bool is_loopback(std::string_view host)
{
    if (auto const address = address_of(host)) {
        // Linux connects to itself where no address is meant.
        return IN6_IS_ADDR_LOOPBACK(&*address) || IN6_IS_ADDR_UNSPECIFIED(&*address)
            || (is_v4(*address) && (address->s6_addr[12] == 127 || address->s6_addr32[3] == 0));
    }
    if (host.ends_with('.'))
        host.remove_suffix(1);
    return host == "localhost" || host.ends_with(".localhost");
}

bool is_link_local(std::string_view host)
{
    auto const address = address_of(host);
    return address
        && (IN6_IS_ADDR_LINKLOCAL(&*address)
            || (is_v4(*address) && address->s6_addr[12] == 169 && address->s6_addr[13] == 254));
}

Result<Url> Url::parse(std::string_view text)
{
    if (text.size() > most_bytes || !std::ranges::all_of(text, is_plain))
        return invalid("too long, or with spaces or characters other than ASCII");
    Handle const url(curl_url());
    if (!url)
        return Error(ErrorKind::Internal, "out of memory");
    auto const code = curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_DISALLOW_USER);
    if (code == CURLUE_USER_NOT_ALLOWED)
        return invalid("a user or password is in it");
    auto const scheme = part(url, CURLUPART_SCHEME);
    if (code == CURLUE_UNSUPPORTED_SCHEME || (code == CURLUE_OK && scheme != "https" && scheme != "http"))
        return invalid("neither http nor https");
    if (code != CURLUE_OK || !has_two_slashes(text))
        return invalid("malformed, or without http:// or https://");
    if (!part(url, CURLUPART_FRAGMENT).empty())
        return invalid("a fragment (#) is in it");
    auto whole = part(url, CURLUPART_URL);
    auto host = part(url, CURLUPART_HOST);
    std::ranges::transform(host, host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    if (!std::ranges::all_of(host, is_of_a_host))
        return invalid("the host is no name and no IP address");
    auto display = whole.substr(0, whole.find('?'));
    return Url(std::move(whole), std::move(host), std::move(display));
}

Result<Url> Url::resolve(std::string_view reference) const
{
    if (reference.size() > most_bytes || !std::ranges::all_of(reference, is_plain))
        return invalid("too long, or with spaces or characters other than ASCII");
    Handle const url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, m_text.c_str(), 0) != CURLUE_OK)
        return Error(ErrorKind::Internal, "out of memory");
    if (curl_url_set(url.get(), CURLUPART_URL, std::string(reference).c_str(), CURLU_DISALLOW_USER) != CURLUE_OK)
        return invalid("malformed, or with a user or password");
    return parse(part(url, CURLUPART_URL));
}

}  // namespace mpc::net
