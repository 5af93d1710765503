#include "simulator/relay.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <netinet/in.h>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "base/log.h"
#include "simulator/namespaces.h"

namespace mpc::simulator {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

sockaddr_in socket_address(Endpoint const& endpoint)
{
    sockaddr_in address {};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    inet_pton(AF_INET, endpoint.address.c_str(), &address.sin_addr);
    return address;
}

int release(Fd fd) { return dup(fd.get()); }

/// Two connections as one; keeps itself alive while either direction is open.
class Pair : public std::enable_shared_from_this<Pair> {
public:
    Pair(tcp::socket near, tcp::socket far) : m_sides { Side { std::move(near) }, Side { std::move(far) } } {}

    void start()
    {
        pump(0);
        pump(1);
    }

private:
    struct Side {
        tcp::socket socket;
        std::array<char, 65536> buffer {};
    };

    void pump(std::size_t from)
    {
        auto& side = m_sides.at(from);
        side.socket.async_read_some(asio::buffer(side.buffer),
            [self = shared_from_this(), from](error_code error, std::size_t count) {
                if (error)
                    self->finish(1 - from);
                else
                    self->pass_on(from, count);
            });
    }

    void pass_on(std::size_t from, std::size_t count)
    {
        asio::async_write(m_sides.at(1 - from).socket, asio::buffer(m_sides.at(from).buffer, count),
            [self = shared_from_this(), from](error_code error, std::size_t) {
                if (error)
                    self->finish(from);
                else
                    self->pump(from);
            });
    }

    void finish(std::size_t side)
    {
        error_code ignored;
        m_sides.at(side).socket.shutdown(tcp::socket::shutdown_send, ignored);
    }

    std::array<Side, 2> m_sides;
};

}  // namespace

Result<Endpoint> parse_loopback(std::string_view text)
{
    auto const colon = text.rfind(':');
    Endpoint endpoint { .address = std::string(text.substr(0, colon)) };
    in_addr address {};
    auto const digits = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    auto const read = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
    auto const is_address = inet_pton(AF_INET, endpoint.address.c_str(), &address) == 1;
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || endpoint.port == 0 || !is_address
        || ntohl(address.s_addr) >> 24 != 127)
        return Error(ErrorKind::Invalid,
            fmt::format("\"{}\" is not 127.x.x.x:PORT: the simulator stays on loopback", printable(text, 60)));
    return endpoint;
}

Result<Fd> listen_at(Endpoint const& at, Fd const& network)
{
    auto socket = TRY(tcp_socket_in(network));
    int const yes = 1;
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    auto const address = socket_address(at);
    if (bind(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0
        || listen(socket.get(), 128) != 0)
        return Error(errno == EADDRINUSE ? ErrorKind::Invalid : ErrorKind::Io,
            fmt::format("cannot listen at {}:{}: {}", at.address, at.port, errno_text()));
    return socket;
}

struct Relay::Loop {
    asio::io_context context { 1 };
    tcp::acceptor acceptor { context };
    Endpoint to;
    Fd const* network = nullptr;

    void accept()
    {
        acceptor.async_accept([this](error_code error, tcp::socket near) {
            if (error)
                return;
            hand_on(std::move(near));
            accept();
        });
    }

    /// Loopback connects or refuses at once; when it refuses, the caller's connection is closed.
    void hand_on(tcp::socket near)
    {
        auto far = tcp_socket_in(*network);
        auto const address = socket_address(to);
        if (!far.ok() || connect(far->get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0)
            return;
        tcp::socket other(context);
        error_code error;
        if (!other.assign(tcp::v4(), release(std::move(*far)), error))
            std::make_shared<Pair>(std::move(near), std::move(other))->start();
    }
};

Relay::Relay(Fd listener, Endpoint to, Fd const& network) : m_loop(std::make_unique<Loop>())
{
    m_loop->to = std::move(to);
    m_loop->network = &network;
    m_loop->acceptor.assign(tcp::v4(), release(std::move(listener)));
    m_loop->accept();
    m_thread = std::thread([this] { m_loop->context.run(); });
}

Relay::~Relay()
{
    m_loop->context.stop();
    m_thread.join();
}

}  // namespace mpc::simulator
