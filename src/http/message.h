// HTTP/1.1 messages (RFC 9110, 9112) as plain values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpc::http {

enum class Method { Get, Head, Post, Delete };

using Header = std::pair<std::string, std::string>;

struct Request {
    Method method = Method::Get;
    std::string target;  ///< path and query, already percent-encoded
    std::vector<Header> headers {};
    std::string body {};  ///< sent with Content-Length; the type is application/json unless a header says otherwise
};

struct Response {
    unsigned status = 0;
    std::vector<Header> headers {};
    std::string body {};

    /// The first header of that name (case-insensitive), or "".
    [[nodiscard]] std::string_view header(std::string_view name) const;
    [[nodiscard]] bool is_success() const { return status >= 200 && status < 300; }
};

/// RFC 3986 percent-encoding of everything but unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);
/// The reverse, with '+' as a space (query strings). Malformed escapes stay as they are.
[[nodiscard]] std::string percent_decode(std::string_view text);

}  // namespace mpc::http
