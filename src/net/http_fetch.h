// GET or HEAD whose answer the caller judges, redirects and refusals too: as get() in every respect that is not said
// here.
#pragma once

#include "http/client.h"
#include "net/http_get.h"

namespace mpc::net {

struct FetchRequest {
    enum class Method { Get, Head };

    Method method = Method::Get;
    Url url;
    std::vector<http::Header> headers {};  ///< values must have no control characters
    TlsTrust tls = SystemStore();
    Duration silence = std::chrono::seconds(30);  ///< for an answer, or between two pieces that are handed on
    std::size_t most_body_bytes = std::size_t { 64 } << 10;  ///< of an answer that is not handed on
};

/// The answer, of whichever status, with its headers. The body of a 200 goes to `on_piece` where there is one, of
/// whatever length it is. Errors: those of get() but for statuses, without the URL in front; what `on_piece` returns.
[[nodiscard]] Result<http::Response> fetch(FetchRequest const& request, http::OnPiece const* on_piece,
    Interrupt const& interrupt);

}  // namespace mpc::net
