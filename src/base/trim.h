// White space at the ends of a text; what counts as such, each format says itself.
#pragma once

#include <string_view>

namespace mpc {

/// Without the characters of `blank` at both ends.
[[nodiscard]] inline std::string_view trim(std::string_view text, std::string_view blank)
{
    auto const first = text.find_first_not_of(blank);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

}  // namespace mpc
