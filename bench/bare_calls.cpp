// Sends recorded requests to unix sockets, one after the other, and nothing else: what a launch costs without a
// launcher.
//
//   bare_calls FILE     one JSON object a line: {"socket", "method", "target", "body"}
#include <cstdio>

#include "base/fd.h"
#include "http/client.h"
#include "json/json.h"

namespace {

using namespace mpc;

Result<void> send(json::Object const& call, Interrupt const& never)
{
    auto const method = TRY(call.require_text("method"));
    http::Request const request {
        .method = method == "POST" ? http::Method::Post
            : method == "DELETE"   ? http::Method::Delete
                                   : http::Method::Get,
        .target = TRY(call.require_text("target")),
        .body = TRY(call.require_text("body")),
    };
    auto const answer = TRY(http::Client(TRY(call.require_text("socket")), never).send(request));
    if (answer.status >= 400)
        return Error(ErrorKind::Refused, request.target + ": " + answer.body);
    return ok;
}

Result<void> send_all(char const* file)
{
    auto const never = Interrupt::never();
    auto const text = TRY(read_file(file, std::size_t { 16 } << 20));
    for (std::size_t start = 0; start < text.size();) {
        auto const end = text.find('\n', start);
        TRY(send(TRY(json::read_object(std::string_view(text).substr(start, end - start))), never));
        start = end + 1;
    }
    return ok;
}

}  // namespace

int main(int count, char** values)
{
    if (count != 2)
        return 2;
    auto const sent = send_all(values[1]);
    if (!sent.ok())
        std::fprintf(stderr, "%s\n", sent.error().message().c_str());
    return sent.ok() ? 0 : 1;
}
