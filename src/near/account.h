// Names of accounts on NEAR.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mpc::near {

/// An account's name, such as that of a contract: 2 to 64 characters, parts of a-z and 0-9 that are joined by single
/// '.',
/// '-' and '_'. (NEAR's nomicon, "Account ID rules".)
class AccountId {
public:
    /// Errors: Invalid.
    static Result<AccountId> parse(std::string_view text);
    [[nodiscard]] std::string const& text() const { return m_text; }

private:
    explicit AccountId(std::string_view text) : m_text(text) {}
    std::string m_text;
};

}  // namespace mpc::near
