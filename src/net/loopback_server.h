// An HTTP server on 127.0.0.1 for tests, which says exactly the bytes that a test wants, and then misbehaves.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/fd.h"

namespace mpc::test {

/// What the server sends, and what it does when it has sent it.
struct Reply {
    enum class Then { Close, StaySilent, RepeatForEver, RepeatSlowly };

    std::string bytes;
    Then then = Then::Close;

    static Reply with_status(std::string const& status, std::string const& body = "", std::string const& headers = "")
    {
        return { "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n"
            + body };
    }
    static Reply of(std::string const& body, std::string const& headers = "")
    {
        return with_status("200 OK", body, headers);
    }
};

/// Listens from its making to its death; one connection after the other, one request each.
class LoopbackServer {
public:
    using Answer = std::function<Reply(std::string const& target)>;

    explicit LoopbackServer(Answer answer) : m_answer(std::move(answer)), m_socket(socket(AF_INET, SOCK_STREAM, 0))
    {
        sockaddr_in address {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        if (bind(m_socket.get(), generic, size) != 0 || listen(m_socket.get(), 16) != 0
            || getsockname(m_socket.get(), generic, &size) != 0)
            std::abort();
        m_port = ntohs(address.sin_port);
        m_thread = std::thread([this] { serve(); });
    }
    ~LoopbackServer()
    {
        m_ending = true;
        m_thread.join();
    }
    LoopbackServer(LoopbackServer const&) = delete;
    LoopbackServer& operator=(LoopbackServer const&) = delete;

    [[nodiscard]] std::string url(std::string const& path = "") const
    {
        return "http://127.0.0.1:" + std::to_string(m_port) + path;
    }
    /// Targets of the requests so far.
    [[nodiscard]] std::vector<std::string> targets() const
    {
        std::scoped_lock const lock(m_mutex);
        return m_targets;
    }
    /// Each request up to the end of its headers, as it came.
    [[nodiscard]] std::vector<std::string> requests() const
    {
        std::scoped_lock const lock(m_mutex);
        return m_requests;
    }

private:
    void serve()
    {
        while (!m_ending) {
            if (!readable(m_socket.get()))
                continue;
            Fd const client(accept(m_socket.get(), nullptr, nullptr));
            std::string request;
            while (!m_ending && request.find("\r\n\r\n") == std::string::npos) {
                char buffer[4096];
                auto const count = readable(client.get()) ? recv(client.get(), buffer, sizeof buffer, 0) : -1;
                if (count == 0)
                    break;
                request.append(buffer, count > 0 ? static_cast<std::size_t>(count) : 0);
            }
            auto const target = request.substr(0, request.find(" HTTP/")).substr(request.find(' ') + 1);
            {
                std::scoped_lock const lock(m_mutex);
                m_targets.push_back(target);
                m_requests.push_back(request);
            }
            reply(client.get(), m_answer(target));
        }
    }

    void reply(int client, Reply const& reply)
    {
        auto const sent = [&] { return send(client, reply.bytes.data(), reply.bytes.size(), MSG_NOSIGNAL) >= 0; };
        sent();
        while (!m_ending && reply.then != Reply::Then::Close) {
            if (readable(client))  // it has gone
                return;
            if (reply.then == Reply::Then::StaySilent)
                continue;
            if (!sent())
                return;
            // Waiting for the client is slow already: fifty times a second.
            for (auto i = 0; reply.then == Reply::Then::RepeatForEver && i < 100; ++i)
                sent();
        }
    }

    static bool readable(int fd)
    {
        pollfd waited { .fd = fd, .events = POLLIN, .revents = 0 };
        return poll(&waited, 1, 20) > 0;
    }

    Answer m_answer;
    Fd m_socket;
    unsigned m_port = 0;
    std::atomic<bool> m_ending = false;
    mutable std::mutex m_mutex;
    std::vector<std::string> m_targets;
    std::vector<std::string> m_requests;
    std::thread m_thread;
};

}  // namespace mpc::test
