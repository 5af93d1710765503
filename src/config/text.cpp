#include "config/text.h"
#include "base/trim.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace mpc::config {

namespace {

struct Utf8Range {
    std::uint8_t first_low, first_high;    // the first byte
    std::uint8_t second_low, second_high;  // the second; any further one is 80..BF
    std::size_t length;
};

/// RFC 3629 section 4, UTF8-2, UTF8-3 and UTF8-4.
constexpr std::array<Utf8Range, 8> utf8_ranges { {
    { 0xc2, 0xdf, 0x80, 0xbf, 2 },
    { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
    { 0xe1, 0xec, 0x80, 0xbf, 3 },
    { 0xed, 0xed, 0x80, 0x9f, 3 },
    { 0xee, 0xef, 0x80, 0xbf, 3 },
    { 0xf0, 0xf0, 0x90, 0xbf, 4 },
    { 0xf1, 0xf3, 0x80, 0xbf, 4 },
    { 0xf4, 0xf4, 0x80, 0x8f, 4 },
} };

/// The length of the character at the front; 0 when there is none.
std::size_t utf8_length(std::string_view text)
{
    auto const byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    if (byte(0) < 0x80)
        return 1;
    auto const range = std::ranges::find_if(utf8_ranges,
        [&](auto const& r) { return byte(0) >= r.first_low && byte(0) <= r.first_high; });
    if (range == utf8_ranges.end() || text.size() < range->length)
        return 0;
    if (byte(1) < range->second_low || byte(1) > range->second_high)
        return 0;
    for (std::size_t i = 2; i < range->length; ++i)
        if (byte(i) < 0x80 || byte(i) > 0xbf)
            return 0;
    return range->length;
}

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string_view trim(std::string_view text) { return mpc::trim(text, " \t\r"); }

std::string_view take_line(std::string_view& rest)
{
    auto const end = std::min(rest.find('\n'), rest.size());
    auto const line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
}

bool is_plausible_name(std::string_view text)
{
    return !text.empty() && text.size() <= 64 && (is_letter(text.front()) || text.front() == '_')
        && std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

bool is_utf8(std::string_view text)
{
    while (!text.empty()) {
        auto const length = utf8_length(text);
        if (length == 0)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

bool names_toml_table(std::string_view line)
{
    bool const header = line.starts_with('[');
    while (line.starts_with('['))
        line = trim(line.substr(1));
    if (line.starts_with('"') || line.starts_with('\''))
        line.remove_prefix(1);
    for (std::string_view const name : { "launcher_config", "mpc_node_config" }) {
        if (!line.starts_with(name))
            continue;
        auto after = line.substr(name.size());
        if (after.starts_with('"') || after.starts_with('\''))
            after.remove_prefix(1);
        after = trim(after);
        return after.starts_with('.') || after.starts_with(header ? ']' : '=');
    }
    return false;
}

}  // namespace mpc::config
