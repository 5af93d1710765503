// POST or PUT of a body that is too large for memory: as fetch() in every respect that is not said here.
#pragma once

#include <span>

#include "net/http_fetch.h"

namespace mpc::net {

struct UploadRequest {
    enum class Method { Post, Put };

    Method method = Method::Put;
    Url url;
    std::vector<http::Header> headers {};  ///< values must have no control characters
    TlsTrust tls = SystemStore();
    Duration silence = std::chrono::seconds(30);  ///< without a byte taken, or for the answer after the last one
    std::uint64_t size = 0;                       ///< of the body
    std::size_t most_body_bytes = std::size_t { 64 } << 10;  ///< of the answer
};

/// Puts the body's next bytes into the buffer: at least one, and `size` of them altogether.
using Fill = std::function<Result<std::size_t>(std::span<char> into)>;

/// The answer, of whichever status; it may come before all of the body was asked for. Errors: those of fetch(), and
/// what `fill` returns.
[[nodiscard]] Result<http::Response> upload(UploadRequest const& request, Fill const& fill, Interrupt const& interrupt);

}  // namespace mpc::net
