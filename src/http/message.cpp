#include "http/message.h"

#include <algorithm>

#include "base/bytes.h"

namespace mpc::http {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.'
        || c == '_' || c == '~';
}

}  // namespace

std::string_view Response::header(std::string_view name) const
{
    for (auto const& [header, value] : headers) {
        if (std::ranges::equal(header, name, {}, lower, lower))
            return value;
    }
    return {};
}

std::string percent_encode(std::string_view text)
{
    std::string encoded;
    for (auto const c : text) {
        if (is_unreserved(c)) {
            encoded += c;
        } else {
            encoded += '%';
            encoded += to_hex(as_bytes({ &c, 1 }));
        }
    }
    return encoded;
}

std::string percent_decode(std::string_view text)
{
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            if (auto const byte = from_hex(text.substr(i + 1, 2)); byte.ok() && byte->size() == 1) {
                decoded += static_cast<char>(byte->front());
                i += 2;
                continue;
            }
        }
        decoded += text[i] == '+' ? ' ' : text[i];
    }
    return decoded;
}

}  // namespace mpc::http
