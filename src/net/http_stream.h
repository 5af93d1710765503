// GET of an answer that may go on for as long as the other side has something to say: as get() in every respect that
// is not said here.
#pragma once

#include "http/client.h"
#include "net/http_get.h"

namespace mpc::net {

struct StreamRequest {
    Url url;
    std::vector<http::Header> headers {};  ///< values must have no control characters
    TlsTrust tls = SystemStore();
    Duration silence = std::chrono::seconds(30);  ///< before the answer, and between two of its pieces
};

/// The body of an answer whose status is 200 goes to `on_piece`, of whatever length it is; another answer, which may
/// not be a redirect, is returned with up to 64 KiB of body. Errors: those of post(), and what `on_piece` returns.
[[nodiscard]] Result<http::Response> stream(StreamRequest const& request, http::OnPiece const& on_piece,
    Interrupt const& interrupt);

}  // namespace mpc::net
