#include "base/bytes.h"

#include <nettle/base64.h>

namespace mpc {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string to_hex(ByteView bytes)
{
    std::string text(bytes.size() * 2, '\0');
    auto* at = text.data();
    for (auto const byte : bytes) {
        *at++ = hex_digits[byte >> 4];
        *at++ = hex_digits[byte & 15];
    }
    return text;
}

Result<Bytes> from_hex(std::string_view text)
{
    if (text.size() % 2 != 0)
        return Error(ErrorKind::Invalid, "hex of odd length");
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        auto const high = hex_value(text[i]);
        auto const low = hex_value(text[i + 1]);
        if (high < 0 || low < 0)
            return Error(ErrorKind::Invalid, "not a hex character at position " + std::to_string(high < 0 ? i : i + 1));
        bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
    }
    return bytes;
}

std::string to_base64(ByteView bytes)
{
    std::string text(BASE64_ENCODE_RAW_LENGTH(bytes.size()), '\0');
    base64_encode_raw(text.data(), bytes.size(), bytes.data());
    return text;
}

std::string to_base64url(ByteView bytes)
{
    auto text = to_base64(bytes);
    for (auto& c : text) {
        if (c == '+')
            c = '-';
        else if (c == '/')
            c = '_';
    }
    return text;
}

Result<Bytes> from_base64(std::string_view text)
{
    Bytes bytes(BASE64_DECODE_LENGTH(text.size()));
    base64_decode_ctx context;
    base64_decode_init(&context);
    auto length = bytes.size();
    if (base64_decode_update(&context, &length, bytes.data(), text.size(), text.data()) != 1
        || base64_decode_final(&context) != 1)
        return Error(ErrorKind::Invalid, "not base64");
    bytes.resize(length);
    return bytes;
}

}  // namespace mpc
