#include "near/view_call.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/log.h"
#include "json/json.h"

namespace mpc::near {

namespace {

constexpr std::string_view request_id = "mpcctl";
constexpr json::Limits limits { .bytes = std::size_t { 4 } << 20, .depth = 32 };
constexpr std::size_t shown = 200;

/// Causes that are about the account, whoever is asked.
constexpr std::array<std::string_view, 4> causes_of_the_network { "UNKNOWN_ACCOUNT", "INVALID_ACCOUNT",
    "NO_CONTRACT_CODE", "CONTRACT_EXECUTION_ERROR" };

Error method_missing() { return { ErrorKind::NotFound, "the contract has no such method" }; }

bool says_method_missing(std::string_view text) { return text.find("MethodNotFound") != text.npos; }

std::string text_or_empty(json::Value const* value) { return value && value->text() ? *value->text() : std::string(); }

/// {"name","cause":{"name","info"},"code","message","data"}; endpoints that are older or not nearcore leave parts away.
Error judge_error(json::Value const& error)
{
    auto const* object = error.object();
    if (!object)
        return { ErrorKind::Invalid, "the answer's error is not an object" };
    auto const whole = json::write(error);
    if (says_method_missing(whole))
        return method_missing();
    auto const* cause = object->find("cause");
    auto const name = cause && cause->object() ? text_or_empty(cause->object()->find("name")) : std::string();
    auto const data = text_or_empty(object->find("data"));
    auto const words = fmt::format("{}{}{}", name, name.empty() || data.empty() ? "" : ": ", data);
    auto const message = printable(words.empty() ? whole : words, shown);
    bool const by_network = std::ranges::find(causes_of_the_network, name) != causes_of_the_network.end();
    if (!by_network)
        return { ErrorKind::Unreachable, "it answers with an error: " + message };
    return Error(ErrorKind::Refused, message)
        .remedy("check the name of the contract, and that the endpoint belongs to its network (mainnet, testnet)");
}

Result<std::string> bytes_of(json::Array const& numbers)
{
    std::string bytes;
    for (auto const& value : numbers) {
        auto const* number = value.number();
        if (!number || *number > 0xFF)
            return Error(ErrorKind::Invalid, "the result is not a list of byte values");
        bytes += static_cast<char>(*number);
    }
    return bytes;
}

/// {"result":[byte values],"block_height":N,...}, or from older nodes {"error":"text",...}.
Result<ViewAnswer> judge_result(json::Object const& result)
{
    if (auto const* error = result.find("error")) {
        auto const text = text_or_empty(error);
        if (says_method_missing(text))
            return method_missing();
        return Error(ErrorKind::Refused, "the call failed: " + printable(text, shown));
    }
    ViewAnswer answer;
    answer.value = TRY(bytes_of(*TRY(result.require_array("result"))));
    answer.block_height = TRY(result.require_number("block_height"));
    return answer;
}

Result<ViewAnswer> judge(json::Object const& answer, unsigned status)
{
    if (auto const* error = answer.find("error"); error && !error->is_null())
        return judge_error(*error);
    if (status != 200)
        return Error(ErrorKind::Unreachable, fmt::format("it answers with status {}", status));
    if (TRY(answer.require_text("jsonrpc")) != "2.0" || TRY(answer.require_text("id")) != request_id)
        return Error(ErrorKind::Invalid, "the answer is not to our request");
    return judge_result(*TRY(answer.require_object("result")));
}

}  // namespace

std::string view_request(AccountId const& contract, std::string_view method)
{
    return json::write(json::Object { { "jsonrpc", "2.0" }, { "id", request_id }, { "method", "query" },
        { "params",
            json::Object { { "request_type", "call_function" }, { "finality", "final" },
                { "account_id", contract.text() }, { "method_name", method },
                { "args_base64", to_base64(as_bytes("{}")) } } } });
}

Result<ViewAnswer> parse_view_answer(http::Response const& response)
{
    auto const answer = json::read_object(response.body, limits);
    if (!answer.ok() && response.status != 200)
        return Error(ErrorKind::Unreachable, fmt::format("it answers with status {}", response.status));
    auto const first = response.body.find_first_not_of(" \t\r\n");
    if (!answer.ok() && first != std::string::npos && response.body[first] == '<')
        return Error(ErrorKind::Invalid, "it answers with a web page")
            .remedy("give the address of the JSON-RPC service, not of a page about it");
    if (!answer.ok())
        return Error(ErrorKind::Invalid, "the answer is not JSON-RPC: " + printable(answer.error().message(), shown));
    auto judged = judge(*answer, response.status);
    if (!judged.ok() && judged.error().kind() == ErrorKind::Invalid)
        return Error(ErrorKind::Invalid, printable(judged.error().message(), shown));
    return judged;
}

}  // namespace mpc::near
