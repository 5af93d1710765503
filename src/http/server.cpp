#include "http/server.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

namespace mpc::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using asio::local::stream_protocol;
using Socket = asio::generic::stream_protocol::socket;
using boost::system::error_code;

namespace {

constexpr Duration pause_between_pieces { 50 };

std::optional<Method> method_of(beast::http::verb verb)
{
    if (verb == beast::http::verb::get)
        return Method::Get;
    if (verb == beast::http::verb::head)
        return Method::Head;
    if (verb == beast::http::verb::post)
        return Method::Post;
    if (verb == beast::http::verb::delete_)
        return Method::Delete;
    return std::nullopt;
}

/// The path and query of a target: a server takes the absolute form as well, which some clients always send. (RFC 9112,
/// 3.2.2.)
std::string origin_form(std::string_view target)
{
    constexpr std::string_view scheme = "http://";
    if (target.starts_with(scheme))
        target.remove_prefix(std::min(target.find('/', scheme.size()), target.size()));
    return target.empty() ? "/" : std::string(target);
}

constexpr std::string_view last_chunk = "0\r\n\r\n";

/// Nothing for an empty piece, which would end the answer.
std::string chunk(std::string_view piece)
{
    return piece.empty() ? std::string() : fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
}

/// The answer as bytes, written by hand because a simulator may want to send less than it announces.
std::string serialise(Answer const& answer, bool keep_alive)
{
    auto const& response = answer.response;
    auto text = fmt::format("HTTP/1.1 {} {}\r\n", response.status,
        std::string(beast::http::obsolete_reason(beast::http::int_to_status(response.status))));
    for (auto const& [name, value] : response.headers)
        text += name + ": " + value + "\r\n";
    text += keep_alive ? "" : "Connection: close\r\n";
    auto const body = response.body.substr(0, answer.delivery.cut_after);
    if (answer.delivery.chunked || answer.delivery.more) {
        text += "Transfer-Encoding: chunked\r\n\r\n" + chunk(body);
        auto const goes_on = answer.delivery.more || answer.delivery.cut_after < response.body.size();
        return goes_on ? text : text + std::string(last_chunk);
    }
    return text + "Content-Length: " + std::to_string(response.body.size()) + "\r\n\r\n" + body;
}

/// One client's connection; keeps itself alive through the operations under way.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(Socket socket, Handler const& handler)
        : m_socket(std::move(socket)), m_timer(m_socket.get_executor()), m_handler(handler)
    {
    }

    void read()
    {
        m_parser.emplace();
        m_parser->body_limit(std::size_t { 16 } << 20);
        beast::http::async_read(m_socket, m_buffer, *m_parser,
            [self = shared_from_this()](error_code error, std::size_t) {
                if (!error)
                    self->handle();
            });
    }

private:
    void handle()
    {
        auto const& message = m_parser->get();
        auto const method = method_of(message.method());
        m_keep_alive = message.keep_alive();
        if (!method) {
            m_answer = { .response = { .status = 405 } };
            return write();
        }
        Request request { .method = *method, .target = origin_form(message.target()), .body = message.body() };
        for (auto const& field : message)
            request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
        m_answer = m_handler(request);
        if (m_answer.delivery.drop)
            return;
        if (m_answer.delivery.hang)
            return wait_for_the_client_to_leave();
        if (m_answer.delivery.delay.count() == 0)
            return write();
        m_timer.expires_after(m_answer.delivery.delay);
        m_timer.async_wait([self = shared_from_this()](error_code error) {
            if (!error)
                self->write();
        });
    }

    void wait_for_the_client_to_leave()
    {
        m_socket.async_wait(Socket::wait_read, [self = shared_from_this()](error_code) {});
    }

    void write()
    {
        m_text = serialise(m_answer, m_keep_alive);
        asio::async_write(m_socket, asio::buffer(m_text), [self = shared_from_this()](error_code error, std::size_t) {
            if (!error && self->m_answer.delivery.more)
                self->stream();
            else if (!error && self->m_keep_alive
                && self->m_answer.delivery.cut_after >= self->m_answer.response.body.size())
                self->read();
        });
    }

    /// The next piece of an answer that goes on, when there is one.
    void stream()
    {
        auto const piece = m_answer.delivery.more();
        if (piece && piece->empty())
            return stream_later();
        if (!piece)
            m_answer.delivery.more = {};
        m_text = piece ? chunk(*piece) : std::string(last_chunk);
        asio::async_write(m_socket, asio::buffer(m_text), [self = shared_from_this()](error_code error, std::size_t) {
            if (!error && self->m_answer.delivery.more)
                self->stream();
            else if (!error && self->m_keep_alive)
                self->read();
        });
    }

    void stream_later()
    {
        char byte = 0;
        if (recv(m_socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
            return;  // the client has left
        m_timer.expires_after(pause_between_pieces);
        m_timer.async_wait([self = shared_from_this()](error_code error) {
            if (!error)
                self->stream();
        });
    }

    Socket m_socket;
    asio::steady_timer m_timer;
    Handler const& m_handler;
    beast::flat_buffer m_buffer;
    std::optional<beast::http::request_parser<beast::http::string_body>> m_parser;
    Answer m_answer;
    std::string m_text;
    bool m_keep_alive = false;
};

}  // namespace

struct Server::Loop {
    asio::io_context context { 1 };
    stream_protocol::acceptor unix_acceptor { context };
    tcp::acceptor tcp_acceptor { context };
    std::filesystem::path path;  ///< empty for TCP
    Handler handler;

    template <typename Acceptor>
    void accept(Acceptor& acceptor)
    {
        using Accepted = typename Acceptor::protocol_type::socket;
        acceptor.async_accept([this, &acceptor](error_code error, Accepted socket) {
            if (error)
                return;
            std::make_shared<Connection>(Socket(std::move(socket)), handler)->read();
            accept(acceptor);
        });
    }
};

Result<std::unique_ptr<Server>> Server::listen(std::filesystem::path socket, Handler handler)
{
    auto loop = std::make_unique<Loop>();
    loop->path = socket;
    loop->handler = std::move(handler);
    error_code error;
    stream_protocol::socket probe(loop->context);
    if (socket.native().size() >= sizeof(sockaddr_un::sun_path))
        return Error(ErrorKind::Invalid, "the socket path " + socket.string() + " is too long");
    if (!probe.connect(stream_protocol::endpoint(socket.string()), error))
        return Error(ErrorKind::Invalid, socket.string() + " is in use: somebody listens there");
    struct stat status {};
    if (lstat(socket.c_str(), &status) == 0) {
        if (!S_ISSOCK(status.st_mode))
            return Error(ErrorKind::Invalid, socket.string() + " exists and is not a socket");
        std::filesystem::remove(socket);
    }
    auto& acceptor = loop->unix_acceptor;
    acceptor.open();
    if (acceptor.bind(stream_protocol::endpoint(socket.string()), error) || acceptor.listen(128, error))
        return Error(ErrorKind::Io, "cannot listen at " + socket.string() + ": " + error.message());
    loop->accept(acceptor);
    return std::unique_ptr<Server>(new Server(std::move(loop)));
}

Result<std::unique_ptr<Server>> Server::listen_on_loopback(std::uint16_t port, Handler handler)
{
    auto loop = std::make_unique<Loop>();
    loop->handler = std::move(handler);
    auto& acceptor = loop->tcp_acceptor;
    error_code error;
    acceptor.open(tcp::v4());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    if (acceptor.bind(tcp::endpoint(asio::ip::address_v4::loopback(), port), error) || acceptor.listen(128, error))
        return Error(error == asio::error::address_in_use ? ErrorKind::Invalid : ErrorKind::Io,
            fmt::format("cannot listen at 127.0.0.1:{}: {}", port, error.message()));
    loop->accept(acceptor);
    return std::unique_ptr<Server>(new Server(std::move(loop)));
}

Server::Server(std::unique_ptr<Loop> loop) : m_loop(std::move(loop)), m_thread([this] { m_loop->context.run(); }) {}

Server::~Server()
{
    m_loop->context.stop();
    m_thread.join();
    std::error_code ignored;
    if (!m_loop->path.empty())
        std::filesystem::remove(m_loop->path, ignored);
}

}  // namespace mpc::http
