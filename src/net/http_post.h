// POST to an http or https URL of somebody who may be hostile: as get() in every respect that is not said here.
#pragma once

#include "net/http_get.h"

namespace mpc::net {

struct PostRequest {
    Url url;
    std::string body;                      ///< sent as application/json
    std::vector<http::Header> headers {};  ///< more to send; values must have no control characters
    TlsTrust tls = SystemStore();
    Duration deadline = std::chrono::seconds(10);
    std::size_t most_body_bytes = std::size_t { 1 } << 20;
};

/// The answer, of whichever status but a redirect: RPC services put the reason of an error into its body.
/// Errors: those of get() but for other statuses, without the URL in front, which the caller knows better.
[[nodiscard]] Result<http::Response> post(PostRequest const& request, Interrupt const& interrupt);

}  // namespace mpc::net
