// What a server asks for when it answers 401: WWW-Authenticate (RFC 9110, 11.6.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mpc::net {

struct Challenge {
    std::string scheme;                                              ///< lower case: "bearer", "basic"
    std::vector<std::pair<std::string, std::string>> parameters {};  ///< names in lower case, no name twice

    /// nullptr when there is none of that name.
    [[nodiscard]] std::string const* parameter(std::string_view name) const;
};

/// The challenges of one header line, in their order. Errors: Invalid (malformed, a parameter twice, more than anybody
/// needs, a single token instead of parameters).
[[nodiscard]] Result<std::vector<Challenge>> parse_challenges(std::string_view text);

}  // namespace mpc::net
