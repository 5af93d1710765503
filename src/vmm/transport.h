// How a dstack-vmm is reached: HTTP, over TCP with or without TLS, or over a unix socket.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/secret.h"
#include "http/client.h"
#include "net/http_get.h"

namespace mpc::vmm {

/// Where a VMM listens, and who we are to it.
struct Endpoint {
    std::string address;             ///< "http://HOST:PORT", "https://HOST:PORT" or "unix:PATH"
    std::optional<Secret> token {};  ///< sent as a bearer token
    std::string user {};             ///< with `password`, when there is no token
    std::optional<Secret> password {};
    net::TlsTrust tls = net::SystemStore();       ///< InsecureTls also lets a token go to another machine without TLS
    Duration timeout = std::chrono::seconds(30);  ///< for one call
};

/// One VMM's web server. Any answer, whatever its status, is a Response (redirects apart).
/// Errors: Unreachable, Timeout, Interrupted, Invalid (not HTTP, too large), Io, Refused (a redirect).
class Transport {
public:
    virtual ~Transport() = default;
    /// `target` is path and query. The answer has at most 32 MiB.
    [[nodiscard]] virtual Result<http::Response> post(std::string const& target, std::string const& body) = 0;
    /// A GET whose body goes to `on_piece` when the status is 200, for as long as it goes on, but with no `silence`.
    [[nodiscard]] virtual Result<http::Response> stream(std::string const& target, http::OnPiece const& on_piece,
        Duration silence) = 0;
};

/// What must never be shown of the endpoint: token and password, and the password as a header has it.
[[nodiscard]] std::vector<Secret> secrets_of(Endpoint const& endpoint);

/// Whether a VMM can have this address. Errors: Invalid.
[[nodiscard]] Result<void> check_address(std::string const& address);

/// Checks the endpoint without talking to it. `interrupt` must outlive the transport. Errors: those of check_address()
/// and net::check_trust(); Invalid (a secret that cannot be sent in a header, or would go to another machine without
/// TLS).
[[nodiscard]] Result<std::unique_ptr<Transport>> make_transport(Endpoint endpoint, Interrupt const& interrupt);

}  // namespace mpc::vmm
