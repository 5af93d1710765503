// Which collateral a quote needs.
#pragma once

#include <array>
#include <string>

#include "attestation/quote.h"

namespace mpc::net {

/// Which of Intel's two authorities issued the platform's PCK certificate.
enum class PckCa { Platform, Processor };
/// As in a URL: "platform", "processor".
[[nodiscard]] char const* name_of(PckCa ca);
/// The authority with exactly this common name. Errors: Invalid.
[[nodiscard]] Result<PckCa> pck_ca_named(std::string_view common_name);

/// What collateral is asked for by: taken from the parsed PCK certificate, so that no foreign text gets into a URL.
struct Platform {
    std::array<std::uint8_t, 6> fmspc {};
    PckCa ca {};

    /// Errors: Invalid.
    static Result<Platform> of(attestation::SignedQuote const& quote);
    [[nodiscard]] std::string fmspc_hex() const { return to_hex(fmspc); }
};

}  // namespace mpc::net
