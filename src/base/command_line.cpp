#include "base/command_line.h"

#include <algorithm>

namespace mpc {

std::vector<std::string> command_line_words(int count, char const* const* values)
{
    std::vector<std::string> words;
    for (int i = 1; i < count; ++i) {
        words.emplace_back(values[i]);
        auto& word = words.back();
        if (word.starts_with("--") && word.size() > 3 && word.find('=') == word.size() - 1) {
            word.pop_back();
            words.emplace_back();
        }
    }
    std::ranges::reverse(words);
    return words;
}

}  // namespace mpc
