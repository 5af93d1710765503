// What the contract allows, asked of one JSON-RPC endpoint after the other.
#pragma once

#include <functional>

#include "near/view_call.h"
#include "near/views.h"

namespace mpc::near {

/// Sends the body of a POST and returns the answer, of whichever status, or why there is none.
using Transport = std::function<Result<http::Response>(std::string const& body)>;

struct Endpoint {
    std::string name;  ///< for people
    Transport post;
};

/// A list; or why the contract does not have it, which is so for contracts older than the list.
template <typename T>
using Listed = Result<std::vector<T>>;

/// All from one endpoint, in the final state of one block or of a few that follow each other.
struct AllowedLists {
    Listed<AllowedImage> images;           ///< newest first
    Listed<image::ImageDigest> launchers;  ///< newest first
    Listed<Sha256> launcher_composes;
    Listed<AllowedMeasurements> os_measurements;
    std::uint64_t block_height = 0;     ///< the lowest
    std::string endpoint {};            ///< which one it was
    std::vector<std::string> notes {};  ///< for people: what is wrong with the endpoints before it, and with the lists
};

/// Asks the endpoints in order until one answers for all four lists; one that fails is not asked again. Whatever an
/// honest endpoint says is believed, and a dishonest one cannot be told apart: what counts is decided by the contract.
///
/// Errors: Invalid (no endpoint), NotFound (the contract has none of the lists), Refused (no such account or contract),
/// Unreachable (no endpoint answers, each with its reason), Interrupted.
[[nodiscard]] Result<AllowedLists> fetch_allowed_lists(AccountId const& contract,
    std::vector<Endpoint> const& endpoints);

}  // namespace mpc::near
