#include "simulator/rpc_answer.h"

#include <algorithm>

namespace mpc::simulator {

json::Object query_arguments(std::string_view query)
{
    json::Object arguments;
    while (!query.empty()) {
        auto const pair = query.substr(0, query.find('&'));
        auto const name = pair.substr(0, pair.find('='));
        arguments.add(http::percent_decode(name),
            name.size() < pair.size() ? http::percent_decode(pair.substr(name.size() + 1)) : "");
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
    }
    return arguments;
}

http::Answer json_answer(unsigned status, std::string body)
{
    return { .response = {
                 .status = status, .headers = { { "Content-Type", "application/json" } }, .body = std::move(body) } };
}

http::Answer error_answer(std::string const& text)
{
    return json_answer(400, json::write_pretty(json::Object { { "error", text } }));
}

http::Answer not_found()
{
    return { .response = { .status = 404,
                 .headers = { { "Content-Type", "text/html; charset=utf-8" } },
                 .body = "<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\n"
                         "<body><h1>404: Not Found</h1></body></html>\n" } };
}

http::Answer html_page()
{
    return { .response = { .status = 200,
                 .headers = { { "Content-Type", "text/html" } },
                 .body = "<html><body><h1>502 Bad Gateway</h1></body></html>\n" } };
}

http::Answer deliver(http::Answer answer, Faults const& faults)
{
    answer.delivery.hang = faults.has(Fault::Hang);
    answer.delivery.drop = faults.has(Fault::Drop);
    answer.delivery.delay = faults.delay();
    if (faults.has(Fault::Cut))
        answer.delivery.cut_after = answer.response.body.size() / 2;
    return answer;
}

}  // namespace mpc::simulator
