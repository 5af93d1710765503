// TCP from one network to another: from the machine's loopback into a simulated CVM, and back out to a registry.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "base/fd.h"
#include "base/result.h"

namespace mpc::simulator {

/// A place on the loopback of one network, or at an address in 127.0.0.0/8.
struct Endpoint {
    std::string address { "127.0.0.1" };
    std::uint16_t port = 0;
};

/// "ADDRESS:PORT" with an address in 127.0.0.0/8. Errors: Invalid.
[[nodiscard]] Result<Endpoint> parse_loopback(std::string_view text);

/// Listens, without taking anybody's call yet. Errors: Invalid (the port is in use, no such address), Io.
[[nodiscard]] Result<Fd> listen_at(Endpoint const& at, Fd const& network);

/// Hands each connection to `listener` on, from its making to its death.
class Relay {
public:
    /// Connections are made to `to` in that network, which must outlive the relay.
    Relay(Fd listener, Endpoint to, Fd const& network);
    ~Relay();
    Relay(Relay const&) = delete;
    Relay& operator=(Relay const&) = delete;

private:
    struct Loop;
    std::unique_ptr<Loop> m_loop;
    std::thread m_thread;
};

}  // namespace mpc::simulator
