// SHA-256, SHA-384, SHA-512 and SHA3-384 (FIPS 180-4, FIPS 202), over nettle.
#pragma once

#include <array>
#include <initializer_list>

#include "base/bytes.h"

namespace mpc {

using Sha256 = std::array<std::uint8_t, 32>;
using Sha384 = std::array<std::uint8_t, 48>;
using Sha512 = std::array<std::uint8_t, 64>;

/// The hash of the parts, one after the other.
[[nodiscard]] Sha256 sha256(std::initializer_list<ByteView> parts);
[[nodiscard]] Sha384 sha384(std::initializer_list<ByteView> parts);
[[nodiscard]] Sha512 sha512(std::initializer_list<ByteView> parts);
[[nodiscard]] Sha384 sha3_384(std::initializer_list<ByteView> parts);

}  // namespace mpc
