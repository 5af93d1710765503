#include "config/toml_depth.h"

#include <algorithm>
#include <string>

namespace mpc::config {

namespace {

/// The length of the quotes in front of a text, at most `limit`; it looks no further, as a million of them may follow.
std::size_t quotes(std::string_view text, char quote, std::size_t limit)
{
    text = text.substr(0, limit);
    return std::min(text.find_first_not_of(quote), text.size());
}

/// The length of the string literal in front, with its quotes; a single-line one ends with its line at the latest.
std::size_t literal_length(std::string_view text)
{
    char const quote = text.front();
    auto const opening = quotes(text, quote, 3);
    if (opening == 2)
        return 2;  // empty
    std::size_t i = opening;
    while (i < text.size()) {
        if (text[i] == '\\' && quote == '"') {
            i += 2;
        } else if (opening == 1 && (text[i] == quote || text[i] == '\n')) {
            return text[i] == quote ? i + 1 : i;
        } else if (opening == 3 && text[i] == quote) {
            // Up to two quotes may stand before the closing three.
            auto const run = quotes(text.substr(i), quote, 5);
            i += run;
            if (run >= 3)
                return i;
        } else {
            ++i;
        }
    }
    return text.size();
}

}  // namespace

Result<void> check_key_parts(std::string_view content)
{
    std::size_t line = 1;
    std::size_t parts = 1;
    while (!content.empty()) {
        std::size_t length = 1;
        char const c = content.front();
        if (c == '"' || c == '\'')
            length = literal_length(content);
        else if (c == '#')
            length = std::min(content.find('\n'), content.size());
        else if (std::string_view("\n=,[]{}").find(c) != std::string_view::npos)
            parts = 1;
        else if (c == '.' && ++parts > most_key_parts)
            return Error(ErrorKind::Invalid,
                "line " + std::to_string(line) + ": a key of more than " + std::to_string(most_key_parts) + " parts");
        auto const read = content.substr(0, length);
        line += static_cast<std::size_t>(std::ranges::count(read, '\n'));
        content.remove_prefix(read.size());
    }
    return ok;
}

}  // namespace mpc::config
