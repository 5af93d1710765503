#include "oci/tar_header.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace mpc::oci {

std::string_view text_at(ByteView block, std::size_t at, std::size_t width)
{
    auto const field = as_text(block.subspan(at, width));
    return field.substr(0, field.find('\0'));
}

Result<std::uint64_t> number_at(ByteView block, std::size_t at, std::size_t width)
{
    auto field = block.subspan(at, width);
    if ((field[0] & 0x80) != 0) {
        std::uint64_t number = field[0] & 0x7f;
        for (auto const byte : field.subspan(1)) {
            if (number >> 55 != 0)
                return Error(ErrorKind::Invalid, "a number is negative or too large");
            number = number << 8 | byte;
        }
        return number;
    }
    auto text = as_text(field);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    text = text.substr(0, text.find_first_of(std::string_view(" \0", 2)));
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 8);
    if (!text.empty() && (error != std::errc() || end != text.data() + text.size()))
        return Error(ErrorKind::Invalid, "a number is not octal");
    return number;
}

Result<std::int64_t> signed_number_at(ByteView block, std::size_t at, std::size_t width)
{
    auto const field = block.subspan(at, width);
    if (field[0] != 0xff)
        return static_cast<std::int64_t>(TRY(number_at(block, at, width)));
    std::uint64_t number = 0;
    for (auto const byte : field.last(8))
        number = number << 8 | byte;
    auto const is_sign = [](std::uint8_t byte) { return byte == 0xff; };
    if (!std::ranges::all_of(field.first(width - 8), is_sign) || number >> 63 == 0)
        return Error(ErrorKind::Invalid, "a number is too small");
    return static_cast<std::int64_t>(number);
}

Result<void> check_sum(ByteView block)
{
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < block.size(); ++at)
        sum += at >= 148 && at < 156 ? std::uint64_t { ' ' } : block[at];
    auto const stated = number_at(block, 148, 8);
    if (!stated.ok() || *stated != sum)
        return Error(ErrorKind::Invalid, "a header's checksum is wrong: not a tar archive, or damaged");
    return ok;
}

Result<TarType> type_of(char flag)
{
    switch (flag) {
    case '\0':
    case '0':
    case '7': return TarType::File;
    case '1': return TarType::HardLink;
    case '2': return TarType::SymbolicLink;
    case '3': return TarType::CharacterDevice;
    case '4': return TarType::BlockDevice;
    case '5': return TarType::Directory;
    case '6': return TarType::Fifo;
    case 'S': return Error(ErrorKind::Invalid, "is stored sparsely, which is not supported");
    default: return Error(ErrorKind::Invalid, fmt::format("is of unknown type 0x{:02x}", static_cast<unsigned>(flag)));
    }
}

std::string name_in(ByteView block)
{
    auto const name = std::string(text_at(block, 0, 100));
    // GNU's own format has times where ustar has the prefix.
    auto const is_ustar = as_text(block.subspan(257, 6)) == std::string_view("ustar\0", 6);
    auto const prefix = text_at(block, 345, 155);
    return is_ustar && !prefix.empty() ? fmt::format("{}/{}", prefix, name) : name;
}

std::string_view form_of(ByteView block)
{
    auto const magic = as_text(block.subspan(257, 6));
    auto const flag = static_cast<char>(block[156]);
    if (magic == "ustar " || flag == 'L' || flag == 'K')
        return "GNU";
    if (flag == 'x')
        return "pax";
    return magic == std::string_view("ustar\0", 6) ? "ustar" : "v7";
}

}  // namespace mpc::oci
