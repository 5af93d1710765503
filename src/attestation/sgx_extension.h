// The SGX extension of a PCK certificate: which platform this is, and how up to date it was when the key was made.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace mpc::attestation {

/// Object identifier of the extension.
inline constexpr char const* sgx_extension_oid = "1.2.840.113741.1.13.1";

struct SgxExtension {
    std::array<std::uint8_t, 16> ppid {};
    std::array<std::uint8_t, 16> components {};
    std::uint16_t pcesvn = 0;
    std::array<std::uint8_t, 16> cpusvn {};
    std::array<std::uint8_t, 2> pceid {};
    std::array<std::uint8_t, 6> fmspc {};
};

/// The extension's content (Intel SGX PCK Certificate and CRL Profile Specification, 1.5, section 2): a sequence of
/// {object identifier, value}, each identifier once, none unknown. Errors: Invalid (also when CPUSVN is not the
/// components, which are the same 16 bytes on every platform).
[[nodiscard]] Result<SgxExtension> parse_sgx_extension(ByteView der);

}  // namespace mpc::attestation
