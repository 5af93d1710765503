// ECDSA over P-256 with SHA-256 (FIPS 186-4): public keys and signatures as Intel writes them. OpenSSL underneath.
#pragma once

#include <array>
#include <memory>

#include "base/bytes.h"

struct evp_pkey_st;

namespace mpc::crypto {

/// r || s, 32 big-endian bytes each. High s is accepted, as by Intel's library: a signature is never an identity.
struct P256Signature {
    std::array<std::uint8_t, 64> bytes {};
};

/// A point on the curve, never at infinity. Copies share the key; verifying with one key from several threads is fine.
class P256Key {
public:
    /// x || y, 32 big-endian bytes each. Errors: Invalid (not on the curve, a coordinate not below p).
    static Result<P256Key> from_point(std::array<std::uint8_t, 64> const& point);

    /// Whether the signature is this key's over SHA-256 of the message. False for r or s of 0 or not below the order.
    [[nodiscard]] bool verifies(ByteView message, P256Signature const& signature) const;

    [[nodiscard]] std::array<std::uint8_t, 64> const& point() const { return m_point; }
    [[nodiscard]] evp_pkey_st* handle() const { return m_key.get(); }
    bool operator==(P256Key const& other) const { return m_point == other.m_point; }

private:
    P256Key(std::shared_ptr<evp_pkey_st> key, std::array<std::uint8_t, 64> const& point)
        : m_key(std::move(key)), m_point(point)
    {
    }
    std::shared_ptr<evp_pkey_st> m_key;
    std::array<std::uint8_t, 64> m_point;
};

}  // namespace mpc::crypto
