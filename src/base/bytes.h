// Bytes, and the text encodings of them that the formats around us use.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mpc {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<std::uint8_t const>;

/// The bytes of a text, without a copy.
[[nodiscard]] inline ByteView as_bytes(std::string_view text)
{
    return { reinterpret_cast<std::uint8_t const*>(text.data()), text.size() };
}
/// Bytes as text, without a copy; whoever calls knows that they are text.
[[nodiscard]] inline std::string_view as_text(ByteView bytes)
{
    return { reinterpret_cast<char const*>(bytes.data()), bytes.size() };
}

/// Lower-case hex, two characters a byte.
[[nodiscard]] std::string to_hex(ByteView bytes);
/// Hex of either case and even length to bytes. Errors: Invalid (never with the text in it).
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);
/// As from_hex, for exactly N bytes.
template <std::size_t N>
[[nodiscard]] Result<std::array<std::uint8_t, N>> from_hex_exactly(std::string_view text)
{
    if (text.size() != 2 * N)
        return Error(ErrorKind::Invalid,
            "expected " + std::to_string(2 * N) + " hex characters, found " + std::to_string(text.size()));
    auto const bytes = TRY(from_hex(text));
    std::array<std::uint8_t, N> fixed {};
    std::copy(bytes.begin(), bytes.end(), fixed.begin());
    return fixed;
}

/// RFC 4648 section 4, with padding.
[[nodiscard]] std::string to_base64(ByteView bytes);
/// RFC 4648 section 5 (URL and file name safe), with padding: the form of Docker's X-Registry-Auth.
[[nodiscard]] std::string to_base64url(ByteView bytes);
/// RFC 4648 section 4. Errors: Invalid.
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);

}  // namespace mpc
