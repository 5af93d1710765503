// A small HTTP/1.1 server over a unix socket or on loopback, for the simulators and the tests. The launcher has none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/interrupt.h"
#include "http/message.h"

namespace mpc::http {

/// What a handler wants done with its answer, so that a simulator can misbehave as a real peer might.
struct Delivery {
    Duration delay { 0 };              ///< wait before the answer
    bool hang = false;                 ///< never answer; the connection stays open until the client leaves
    bool drop = false;                 ///< close without an answer
    std::size_t cut_after = SIZE_MAX;  ///< close after that many bytes of the body, although more were announced
    bool chunked = false;              ///< Transfer-Encoding: chunked instead of Content-Length
    /// What follows the body, asked for again and again in the server's thread: a piece, "" for nothing yet, nullopt
    /// for the end. The answer is chunked, then; it ends early when the client leaves.
    std::function<std::optional<std::string>()> more {};
};

struct Answer {
    Response response {};
    Delivery delivery {};
};

/// Called for each request, one at a time, in a thread of the server.
using Handler = std::function<Answer(Request const&)>;

/// Listens from its making to its death, in one background thread; keep-alive and pipelining as HTTP/1.1 has them.
class Server {
public:
    /// Binds `socket`, replacing a socket that nobody listens on. Errors: Io, or Invalid when the path is in use.
    static Result<std::unique_ptr<Server>> listen(std::filesystem::path socket, Handler handler);
    /// As listen, on 127.0.0.1 and nowhere else. Errors: Invalid when the port is in use; Io.
    static Result<std::unique_ptr<Server>> listen_on_loopback(std::uint16_t port, Handler handler);
    ~Server();
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;

private:
    struct Loop;
    explicit Server(std::unique_ptr<Loop> loop);

    std::unique_ptr<Loop> m_loop;
    std::thread m_thread;
};

}  // namespace mpc::http
