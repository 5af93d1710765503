// A small HTTP/1.1 server over a unix socket, for the simulators and the tests. The launcher has none.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
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
