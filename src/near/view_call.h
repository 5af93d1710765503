// A view call of a contract through NEAR's JSON-RPC: the request's bytes, and what the answer's bytes mean.
// Source: docs.near.org, "RPC: contracts, call a contract function"; nearcore chain/jsonrpc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.h"
#include "near/account.h"

namespace mpc::near {

/// What a method returned, in the state of one final block.
struct ViewAnswer {
    std::string value;  ///< the bytes that the method returned: JSON
    std::uint64_t block_height = 0;
};

/// The body of a POST that calls a method without arguments in the latest final state. `method` is one of ours.
[[nodiscard]] std::string view_request(AccountId const& contract, std::string_view method);

/// Any status is looked at: nearcore answers some errors with 400, 408 and 500 and a body that names them.
///
/// Errors. What the network said, and any honest endpoint would say as well: NotFound (the contract has no such
/// method), Refused (no such account, no contract there, the method failed). What only this endpoint can be blamed for:
/// Unreachable (an error of its own, a status, not in sync), Invalid (HTML, not JSON-RPC, wrong shapes). Foreign words
/// in a message are printable and few.
[[nodiscard]] Result<ViewAnswer> parse_view_answer(http::Response const& response);

}  // namespace mpc::near
