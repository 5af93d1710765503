#include "simulator/guest_port.h"

#include <algorithm>

#include <fmt/format.h>

#include "simulator/rpc_answer.h"

namespace mpc::simulator {

namespace {

constexpr http::Limits quick { .deadline = std::chrono::seconds(10) };

/// `name` without `prefix`; nullopt when it does not begin so.
std::optional<std::string_view> after(std::string_view name, std::string_view prefix)
{
    if (!name.starts_with(prefix))
        return std::nullopt;
    return name.substr(prefix.size());
}

http::Answer text_answer(unsigned status, std::string body)
{
    return { .response = { .status = status,
                 .headers = { { "Content-Type", "text/plain; charset=utf-8" } },
                 .body = std::move(body) } };
}

}  // namespace

std::string text_of_frames(std::string_view frames)
{
    constexpr std::size_t header = 8;
    std::string text;
    while (frames.size() >= header) {
        std::size_t size = 0;
        for (auto const byte : frames.substr(4, 4))
            size = size << 8 | static_cast<unsigned char>(byte);
        frames.remove_prefix(header);
        text += frames.substr(0, size);
        frames.remove_prefix(std::min(size, frames.size()));
    }
    return text;
}

http::Answer GuestPort::handle(http::Request const& request) const
{
    std::string_view const target = request.target;
    auto const path = target.substr(0, target.find('?'));
    auto const query = target.substr(std::min(path.size() + 1, target.size()));
    if (auto const container = after(path, "/logs/"))
        return m_public_logs ? logs(*container, query) : not_found();
    auto method = after(path, "/prpc/");
    if (!method)
        return not_found();
    method = after(*method, "Worker.").value_or(*method);
    if (*method != "Info" && *method != "Version")
        return error_answer(fmt::format("Method not found: {}", *method));
    auto inner = request;
    inner.target = fmt::format("/{}{}", *method, target.substr(path.size()));
    return m_agent.handle(inner);
}

http::Answer GuestPort::logs(std::string_view container, std::string_view query) const
{
    auto const arguments = query_arguments(query);
    auto const* const tail = arguments.find("tail");
    auto const target = fmt::format("/containers/{}/logs?stdout=1&stderr=1&timestamps={}&tail=",
        http::percent_encode(http::percent_decode(container)), arguments.find("timestamps") ? 1 : 0);
    auto const read = [engine = m_engine](std::string const& what) {
        return engine.send({ .method = http::Method::Get, .target = what }, quick);
    };
    auto const first = read(target + (tail ? http::percent_encode(*tail->text()) : "all"));
    if (!first.ok())
        return error_answer(first.error().message());
    if (!first->is_success())
        return error_answer(fmt::format("no such container: {}", container));
    auto answer = text_answer(200, text_of_frames(first->body));
    auto const whole = read(target + "all");
    if (!arguments.find("follow") || !whole.ok())
        return answer;
    // The engine's own following is one more connection to watch; asking again is enough for a simulator.
    answer.delivery.more = [read, target,
                               sent = text_of_frames(whole->body).size()]() mutable -> std::optional<std::string> {
        auto const now = read(target + "all");
        if (!now.ok() || !now->is_success())
            return std::nullopt;
        auto const text = text_of_frames(now->body);
        auto const piece = text.substr(std::min(sent, text.size()));
        sent = std::max(sent, text.size());
        return piece;
    };
    return answer;
}

}  // namespace mpc::simulator
