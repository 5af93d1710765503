#include "base/text.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace mpc {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD
constexpr char32_t no_character = 0xffffffff;

/// The character at the start of the text, and its length; no_character of length 1 when there is none (RFC 3629:
/// shortest form, no surrogates, at most U+10FFFF).
std::pair<char32_t, std::size_t> decode(std::string_view text)
{
    static constexpr std::array<char32_t, 5> least { 0, 0, 0x80, 0x800, 0x10000 };
    auto const byte = [&](std::size_t i) { return char32_t { static_cast<unsigned char>(text[i]) }; };
    auto const first = byte(0);
    if (first < 0x80)
        return { first, 1 };
    std::size_t const length = (first & 0xe0) == 0xc0 ? 2 : (first & 0xf0) == 0xe0 ? 3 : (first & 0xf8) == 0xf0 ? 4 : 0;
    if (length == 0 || length > text.size())
        return { no_character, 1 };
    char32_t character = first & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80)
            return { no_character, 1 };
        character = character << 6 | (byte(i) & 0x3f);
    }
    bool const surrogate = character >= 0xd800 && character <= 0xdfff;
    if (character < least[length] || surrogate || character > 0x10ffff)
        return { no_character, 1 };
    return { character, length };
}

bool is_control(char32_t character) { return character < 0x20 || (character >= 0x7f && character <= 0x9f); }

/// Marks that reorder, join, separate or hide: what is read would not be what is there.
bool misleads(char32_t character)
{
    return character == 0xad || character == 0x61c || (character >= 0x200b && character <= 0x200f)
        || (character >= 0x2028 && character <= 0x202e) || (character >= 0x2060 && character <= 0x206f)
        || character == 0xfeff || (character >= 0xe0000 && character <= 0xe007f);
}

}  // namespace

bool is_utf8(std::string_view text)
{
    while (!text.empty()) {
        auto const [character, length] = decode(text);
        if (character == no_character)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string valid_utf8(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        auto const [character, length] = decode(text);
        out += character == no_character ? replacement : text.substr(0, length);
        text.remove_prefix(length);
    }
    return out;
}

std::string printable(std::string_view text, std::size_t limit)
{
    std::string out;
    while (!text.empty()) {
        auto const [character, length] = decode(text);
        if (length > limit)
            return out + " [...]";
        if (is_control(character))
            out += ' ';
        else
            out += character == no_character || misleads(character) ? replacement : text.substr(0, length);
        text.remove_prefix(length);
        limit -= length;
    }
    return out;
}

std::string json_quoted(std::string_view text)
{
    std::string out = "\"";
    for (auto const c : text) {
        switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\b': out += "\\b"; break;
        case '\f': out += "\\f"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
            if (static_cast<unsigned char>(c) < 0x20)
                out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
            else
                out += c;
        }
    }
    return out + '"';
}

}  // namespace mpc
