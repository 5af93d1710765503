// A program's arguments as words.
#pragma once

#include <string>
#include <vector>

namespace mpc {

/// The words after the program's name, the last first, as CLI11 takes them. "--option=" becomes "--option" and "":
/// CLI11 would take the next word for its value, where a script's variable was empty.
[[nodiscard]] std::vector<std::string> command_line_words(int count, char const* const* values);

}  // namespace mpc
