#include "image/reference.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/bytes.h"

namespace mpc::image {

namespace {

constexpr std::size_t longest_name = 255;  // the distribution project's NameTotalLengthMax
constexpr std::size_t longest_tag = 128;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower_alphanumeric(char c) { return is_lower(c) || is_digit(c); }
bool is_alphanumeric(char c) { return is_lower_alphanumeric(c) || is_upper(c); }

Error refuse(std::string rule)
{
    return Error(ErrorKind::Invalid, "image reference: " + std::move(rule))
        .remedy("Write it as [registry[:port]/]path[:tag], for example ghcr.io/near/mpc-node:3.8.1.");
}

/// alpha-numeric [separator alpha-numeric]*, where a separator is one of . _ __ or any number of dashes.
bool is_path_component(std::string_view text)
{
    auto const is_separator = [](std::string_view s) {
        return s == "." || s == "_" || s == "__" || s.find_first_not_of('-') == s.npos;
    };
    while (true) {
        auto const word = std::ranges::find_if_not(text, is_lower_alphanumeric);
        if (word == text.begin())
            return false;
        text.remove_prefix(static_cast<std::size_t>(word - text.begin()));
        if (text.empty())
            return true;
        auto const separator = std::ranges::find_if(text, is_lower_alphanumeric);
        auto const length = static_cast<std::size_t>(separator - text.begin());
        if (!is_separator(text.substr(0, length)))
            return false;
        text.remove_prefix(length);
    }
}

bool is_port(std::string_view text)
{
    std::uint16_t port = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc() && end == text.data() + text.size() && port != 0;
}

bool is_host_label(std::string_view text)
{
    return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back())
        && std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

/// A domain name or IPv4 address, or an IPv6 address in brackets; then ":port" or nothing.
bool is_host(std::string_view text)
{
    if (text.starts_with('[')) {
        auto const close = text.find(']');
        if (close == text.npos || close < 2
            || text.substr(1, close - 1).find_first_not_of("0123456789abcdefABCDEF:") != text.npos)
            return false;
        text.remove_prefix(close + 1);
        return text.empty() || (text.front() == ':' && is_port(text.substr(1)));
    }
    if (auto const colon = text.find(':'); colon != text.npos) {
        if (!is_port(text.substr(colon + 1)))
            return false;
        text = text.substr(0, colon);
    }
    while (true) {
        auto const dot = text.find('.');
        if (!is_host_label(text.substr(0, dot)))
            return false;
        if (dot == text.npos)
            return true;
        text.remove_prefix(dot + 1);
    }
}

/// The host at the front of a repository, with its port; empty when the first component is part of the path.
std::string_view host_of(std::string_view repository)
{
    auto const slash = repository.find('/');
    if (slash == repository.npos)
        return {};
    auto const first = repository.substr(0, slash);
    return first.find_first_of(".:") != first.npos || first == "localhost" ? first : std::string_view();
}

Result<void> check_path(std::string_view path)
{
    while (true) {
        auto const slash = path.find('/');
        if (!is_path_component(path.substr(0, slash)))
            return refuse("each part of the path must be lower-case letters and digits joined by . _ __ or -");
        if (slash == path.npos)
            return ok;
        path.remove_prefix(slash + 1);
    }
}

Result<void> check_repository(std::string_view repository)
{
    if (repository.empty())
        return refuse("there is no name");
    if (repository.size() > longest_name)
        return refuse("the name is longer than 255 characters");
    auto const host = host_of(repository);
    if (!host.empty() && !is_host(host))
        return refuse("the registry must be a host name or address, with a port from 1 to 65535 or none");
    // The engine reads 64 hex characters as the ID of an image, not as a name.
    if (repository.size() == 64 && from_hex(repository).ok())
        return refuse("64 hex characters are an image ID, not a name");
    return check_path(host.empty() ? repository : repository.substr(host.size() + 1));
}

}  // namespace

bool is_tag(std::string_view text)
{
    auto const is_word = [](char c) { return is_alphanumeric(c) || c == '_'; };
    return !text.empty() && text.size() <= longest_tag && is_word(text.front())
        && std::ranges::all_of(text, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

Result<Reference> Reference::parse(std::string_view text)
{
    if (text.empty())
        return refuse("it is empty");
    if (text.find('@') != text.npos)
        return refuse("a digest ('@') is not allowed, because the digest is chosen among the approved ones");

    auto const slash = text.rfind('/');
    auto const colon = text.rfind(':');
    if (colon == text.npos || (slash != text.npos && colon < slash)) {
        TRY(check_repository(text));
        return Reference(std::string(text), std::nullopt);
    }
    TRY(check_repository(text.substr(0, colon)));
    if (!is_tag(text.substr(colon + 1)))
        return refuse("the tag must be 1 to 128 letters, digits, '_', '.' or '-', and not start with '.' or '-'");
    return Reference(std::string(text.substr(0, colon)), std::string(text.substr(colon + 1)));
}

std::string Reference::registry() const
{
    auto const host = host_of(m_repository);
    // index.docker.io is an old name of Docker Hub, which the engine replaces as well.
    return host.empty() || host == "index.docker.io" ? "docker.io" : std::string(host);
}

Reference Reference::with_tag(std::string tag) const { return Reference(m_repository, std::move(tag)); }

}  // namespace mpc::image
