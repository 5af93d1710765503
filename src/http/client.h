// An HTTP/1.1 client over a unix socket, with a deadline on everything.
#pragma once

#include <filesystem>
#include <functional>

#include "base/interrupt.h"
#include "http/message.h"

namespace mpc::http {

/// Bounds of one exchange.
struct Limits {
    Duration deadline = std::chrono::seconds(30);  ///< for the whole exchange
    Duration silence = std::chrono::seconds(30);   ///< before a streamed answer, and between two of its pieces
    std::size_t body = std::size_t { 16 } << 20;   ///< bytes of an answer that is read as a whole
};

/// Called with each piece of a streamed body as it arrives; an error ends the exchange and is returned from it.
using OnPiece = std::function<Result<void>(std::string_view)>;

/// Speaks to one unix socket. Each exchange has a connection of its own, so that nothing is shared between two of them
/// and a copy may be used in another thread. The other side may be hostile: sizes are bounded and time is.
class Client {
public:
    /// `interrupt` must outlive the client; when it is raised, every exchange under way ends.
    Client(std::filesystem::path socket, Interrupt const& interrupt)
        : m_socket(std::move(socket)), m_interrupt(&interrupt)
    {
    }

    /// Any answer, whatever its status, is a Response. Errors: Unreachable (no socket, nobody listens), Timeout,
    /// Interrupted, Invalid (not HTTP, too large), Io (connection lost in the middle).
    [[nodiscard]] Result<Response> send(Request const& request, Limits limits = {}) const;

    /// As send, but the body of a 2xx answer goes to `on_piece` instead of into the Response.
    [[nodiscard]] Result<Response> stream(Request const& request, OnPiece const& on_piece, Limits limits) const;

    [[nodiscard]] std::filesystem::path const& socket() const { return m_socket; }
    [[nodiscard]] Interrupt const& interrupt() const { return *m_interrupt; }

private:
    std::filesystem::path m_socket;
    Interrupt const* m_interrupt;
};

}  // namespace mpc::http
