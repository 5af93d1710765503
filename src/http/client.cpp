#include "http/client.h"

#include <optional>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace mpc::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace {

beast::http::verb verb_of(Method method)
{
    switch (method) {
    case Method::Get: return beast::http::verb::get;
    case Method::Head: return beast::http::verb::head;
    case Method::Post: return beast::http::verb::post;
    case Method::Delete: return beast::http::verb::delete_;
    }
    return beast::http::verb::unknown;
}

beast::http::request<beast::http::string_body> to_beast(Request const& request)
{
    beast::http::request<beast::http::string_body> message(verb_of(request.method), request.target, 11, request.body);
    message.set(beast::http::field::host, "localhost");
    message.set(beast::http::field::connection, "close");
    if (!request.body.empty())
        message.set(beast::http::field::content_type, "application/json");
    for (auto const& [name, value] : request.headers)
        message.set(name, value);
    if (request.method == Method::Post)
        message.content_length(request.body.size());
    return message;
}

/// One connection and one request, on an event loop that lives as long as the exchange.
class Exchange {
public:
    Exchange(std::filesystem::path const& socket, Interrupt const& interrupt, Limits const& limits)
        : m_path(socket), m_interrupt(interrupt), m_limits(limits), m_deadline(Deadline::after(limits.deadline)),
          m_socket(m_loop), m_signal(m_loop)
    {
    }

    Result<Response> run(Request const& request, OnPiece const* on_piece)
    {
        TRY(watch_for_interrupt());
        TRY(connect());
        auto message = to_beast(request);
        TRY(await("sending", m_limits.deadline,
            [&](auto done) { beast::http::async_write(m_socket, message, std::move(done)); }));

        m_parser.emplace();
        m_parser->body_limit(boost::none);
        m_parser->header_limit(64 * 1024);
        m_parser->skip(request.method == Method::Head);
        TRY(await("waiting for an answer", on_piece ? m_limits.silence : m_limits.deadline,
            [&](auto done) { beast::http::async_read_header(m_socket, m_buffer, *m_parser, std::move(done)); }));

        Response response { .status = m_parser->get().result_int() };
        for (auto const& field : m_parser->get())
            response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
        TRY(read_body(response, on_piece && response.is_success() ? on_piece : nullptr));
        return response;
    }

private:
    Result<void> watch_for_interrupt()
    {
        if (m_interrupt.raised())
            return Interrupt::error();
        if (m_interrupt.fd() < 0)
            return ok;
        error_code error;
        m_signal.assign(dup(m_interrupt.fd()), error);
        if (error)
            return Error(ErrorKind::Io, "cannot watch for signals: " + error.message());
        m_signal.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code wait_error) {
            if (!wait_error) {
                m_interrupted = true;
                m_socket.close(wait_error);
            }
        });
        return ok;
    }

    Result<void> connect()
    {
        if (m_path.native().size() >= sizeof(sockaddr_un::sun_path))
            return Error(ErrorKind::Invalid, "the socket path " + m_path.string() + " is too long");
        auto connected = await("connecting", m_limits.deadline, [&](auto done) {
            m_socket.async_connect(asio::local::stream_protocol::endpoint(m_path.string()), std::move(done));
        });
        if (!connected.ok() && connected.error().kind() == ErrorKind::Io)
            return Error(ErrorKind::Unreachable, connected.error().message());
        return connected;
    }

    Result<void> read_body(Response& response, OnPiece const* on_piece)
    {
        std::string piece(32 * 1024, '\0');
        while (!m_parser->is_done()) {
            m_parser->get().body() = { .data = piece.data(), .size = piece.size(), .more = true };
            TRY(await("reading the answer", on_piece ? m_limits.silence : m_limits.deadline,
                [&](auto done) { beast::http::async_read_some(m_socket, m_buffer, *m_parser, std::move(done)); }));
            std::string_view const read(piece.data(), piece.size() - m_parser->get().body().size);
            if (on_piece)
                TRY((*on_piece)(read));
            else if (response.body.size() + read.size() > m_limits.body)
                return Error(ErrorKind::Invalid,
                    where() + ": the answer is larger than " + std::to_string(m_limits.body) + " bytes");
            else
                response.body += read;
        }
        return ok;
    }

    /// Starts an operation and runs the loop until it ends, the time is over, or the interrupt is raised: then the
    /// socket is closed, as an operation of several steps would begin the next one after a cancel. Both handlers have
    /// run when this returns: a timer that is over leaves its own in the queue also when the operation was quicker.
    template <typename Start>
    Result<void> await(char const* doing, Duration at_most, Start start)
    {
        std::optional<error_code> outcome;
        bool timer_ended = false;
        asio::steady_timer timer(m_loop, m_deadline.at_most(at_most).remaining());
        timer.async_wait([&](error_code timer_error) {
            timer_ended = true;
            if (!timer_error && !outcome) {
                m_timed_out = true;
                error_code ignored;
                m_socket.close(ignored);
            }
        });
        start([&](error_code error, auto...) {
            outcome = error;
            timer.cancel();
        });
        m_loop.restart();  // with nothing left to do it stops
        while ((!outcome || !timer_ended) && m_loop.run_one() > 0) {}
        return verdict(doing, outcome.value_or(asio::error::operation_aborted));
    }

    Result<void> verdict(char const* doing, error_code outcome) const
    {
        if (m_interrupted)
            return Interrupt::error();
        if (m_timed_out)
            return Error(ErrorKind::Timeout, where() + ": no progress in time while " + doing);
        // A body that ends with the connection, or a piece that fills the buffer, is no failure.
        if (!outcome || outcome == beast::http::error::need_buffer)
            return ok;
        auto const kind = outcome.category() == make_error_code(beast::http::error::bad_version).category()
                && outcome != beast::http::error::end_of_stream && outcome != beast::http::error::partial_message
            ? ErrorKind::Invalid
            : ErrorKind::Io;
        return Error(kind, where() + ": " + outcome.message() + " while " + doing);
    }

    [[nodiscard]] std::string where() const { return m_path.string(); }

    std::filesystem::path const& m_path;
    Interrupt const& m_interrupt;
    Limits const& m_limits;
    Deadline m_deadline;
    asio::io_context m_loop { 1 };
    asio::local::stream_protocol::socket m_socket;
    asio::posix::stream_descriptor m_signal;
    beast::flat_buffer m_buffer { std::size_t { 256 } * 1024 };
    std::optional<beast::http::response_parser<beast::http::buffer_body>> m_parser;
    bool m_interrupted = false;
    bool m_timed_out = false;
};

}  // namespace

Result<Response> Client::send(Request const& request, Limits limits) const
{
    return Exchange(m_socket, *m_interrupt, limits).run(request, nullptr);
}

Result<Response> Client::stream(Request const& request, OnPiece const& on_piece, Limits limits) const
{
    return Exchange(m_socket, *m_interrupt, limits).run(request, &on_piece);
}

}  // namespace mpc::http
