// What mpcctl says. fmt::print() throws where a stream cannot be written, and a terminal that is gone must not end an
// upgrade in its middle: here nothing is thrown, and main() looks in the end whether standard output took everything.
#pragma once

#include <cstdio>

#include <fmt/format.h>

namespace mpc::ctl {

template <typename... Values>
void say(std::FILE* stream, fmt::format_string<Values...> format, Values&&... values)
{
    auto const text = fmt::format(format, std::forward<Values>(values)...);
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stream));
}

/// On standard output: the result.
template <typename... Values>
void say(fmt::format_string<Values...> format, Values&&... values)
{
    say(stdout, format, std::forward<Values>(values)...);
}

}  // namespace mpc::ctl
