#include "vmm/claim.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/random.h>

#include "base/bytes.h"

namespace mpc::vmm {

namespace {

constexpr std::string_view beginning = "# mpcctl upgrade ";
constexpr std::size_t longest_line = 256;
constexpr std::size_t longest_host = 64;

bool is_of_a_host(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
}

/// A host's name, which is foreign text, made fit for a comment of one line.
std::string plain(std::string_view host)
{
    std::string text(host.substr(0, longest_host));
    std::ranges::replace_if(text, [](char c) { return !is_of_a_host(c); }, '-');
    return text.empty() ? "localhost" : text;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

Result<Claim> Claim::make(std::string_view host, crypto::Time now)
{
    std::array<std::uint8_t, 16> number {};
    if (getrandom(number.data(), number.size(), 0) != static_cast<ssize_t>(number.size()))
        return Error(ErrorKind::Io, "the system gives no random numbers");
    return Claim(fmt::format("{}{} of {}, begun {}", beginning, to_hex(number), plain(host), crypto::to_text(now)));
}

std::optional<Claim> Claim::of(std::string_view user_config)
{
    auto const line = first_line(user_config);
    auto claim = line.size() == user_config.size() ? Error(ErrorKind::Invalid, "no line") : parse(line);
    return claim.ok() ? std::optional(*std::move(claim)) : std::nullopt;
}

Result<Claim> Claim::parse(std::string_view line)
{
    auto const is_printable = [](char c) { return c >= ' ' && c <= '~'; };
    if (!line.starts_with(beginning) || line.size() > longest_line || !std::ranges::all_of(line, is_printable))
        return Error(ErrorKind::Invalid, "not the mark of an upgrade");
    return Claim(std::string(line));
}

Secret Claim::on(Secret const& user_config) const { return Secret(m_line + "\n" + user_config.reveal()); }

std::string_view without_claim(std::string_view user_config)
{
    while (Claim::of(user_config))
        user_config.remove_prefix(first_line(user_config).size() + 1);
    return user_config;
}

}  // namespace mpc::vmm
