// Numbers in text.
#pragma once

#include <charconv>
#include <string_view>

namespace mpc::docker {

/// Whether the whole of the text is a number of that type, which is then put into `number`.
template <typename Number>
[[nodiscard]] bool read_whole(std::string_view text, Number& number)
{
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

}  // namespace mpc::docker
