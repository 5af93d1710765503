#include "config/text.h"

#include <algorithm>

#include "base/trim.h"

namespace mpc::config {

namespace {

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
