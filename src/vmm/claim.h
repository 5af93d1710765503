// Who is upgrading a VM, written where every operator can see it. A VMM has no lock, and its operators may be on
// several machines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "crypto/time.h"

namespace mpc::vmm {

/// The first line of a user_config whose upgrade is under way; a comment in either of its forms, so that a boot with it
/// is a boot without it:
///   # mpcctl upgrade 0123456789abcdef0123456789abcdef of HOST, begun 2026-08-13T12:00:00Z
class Claim {
public:
    /// With a random number, so that no two are equal. Errors: Io (no random numbers).
    static Result<Claim> make(std::string_view host, crypto::Time now);
    /// The claim that a user_config begins with; nullopt when it begins otherwise.
    static std::optional<Claim> of(std::string_view user_config);
    /// A line() of before. Errors: Invalid.
    static Result<Claim> parse(std::string_view line);

    [[nodiscard]] std::string const& line() const { return m_line; }
    /// The user_config with this line before it.
    [[nodiscard]] Secret on(Secret const& user_config) const;
    bool operator==(Claim const&) const = default;

private:
    explicit Claim(std::string line) : m_line(std::move(line)) {}
    std::string m_line;
};

/// The user_config without the claims that it begins with.
[[nodiscard]] std::string_view without_claim(std::string_view user_config);

}  // namespace mpc::vmm
