// The SGX extension of a PCK certificate, as DER: what the simulated platform is.
#pragma once

#include <array>

#include "base/bytes.h"

namespace mpc::simulator {

/// One DER element; the content has less than 64 KiB.
[[nodiscard]] Bytes der_element(std::uint8_t tag, ByteView content);

/// What an SGX extension says; in its order, so that entries can be left out, repeated or replaced.
struct SgxExtensionSpec {
    Bytes ppid = Bytes(16, 0x70);
    std::array<std::uint8_t, 16> components { 4, 4, 2, 2, 4, 1, 0, 5 };
    std::uint16_t pcesvn = 11;
    std::array<std::uint8_t, 16> cpusvn { 4, 4, 2, 2, 4, 1, 0, 5 };
    Bytes pceid { 0, 0 };
    Bytes fmspc { 0xb0, 0xc0, 0x6f, 0, 0, 0 };
    int leave_out_field = 0;  ///< 1 to 5
    int repeat_field = 0;
    int leave_out_tcb_entry = 0;  ///< 1 to 18
    Bytes trailing {};
};
/// Intel SGX PCK Certificate and CRL Profile Specification, 1.5, section 2.
[[nodiscard]] Bytes der_of(SgxExtensionSpec const& spec);

}  // namespace mpc::simulator
