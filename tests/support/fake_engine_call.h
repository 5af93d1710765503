// One request to the fake engine, taken apart; and how its answers look.
#pragma once

#include <map>

#include <fmt/format.h>

#include "support/fake_engine.h"

namespace mpc::test {

struct FakeEngine::Call {
    http::Request const& request;
    std::string path;  ///< without the version, decoded
    std::map<std::string, std::string> query;

    [[nodiscard]] bool is(http::Method method, std::string_view wanted) const
    {
        return request.method == method && path == wanted;
    }
    [[nodiscard]] std::string parameter(std::string const& name) const
    {
        auto const found = query.find(name);
        return found == query.end() ? "" : found->second;
    }
    [[nodiscard]] std::string header(std::string_view name) const
    {
        return std::string(http::Response { .headers = request.headers }.header(name));
    }
    /// The part of the path between the two, or nullopt when it does not have that shape.
    [[nodiscard]] std::optional<std::string> between(std::string_view before, std::string_view after) const
    {
        if (!path.starts_with(before) || !path.ends_with(after) || path.size() <= before.size() + after.size())
            return std::nullopt;
        return path.substr(before.size(), path.size() - before.size() - after.size());
    }
};

inline http::Answer fake_answer(unsigned status, json::Value const& body)
{
    return { .response = { .status = status,
                 .headers = { { "Content-Type", "application/json" } },
                 .body = json::write(body) + "\n" } };
}
inline http::Answer fake_nothing(unsigned status) { return { .response = { .status = status } }; }
/// A refusal, as the engine words it.
inline http::Answer fake_refusal(unsigned status, std::string const& message)
{
    return fake_answer(status, json::Object { { "message", message } });
}

}  // namespace mpc::test
