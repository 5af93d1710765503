// P-256 keys of the simulated PKI, over OpenSSL. Made from a seed: nobody's trust hangs on them.
#pragma once

#include <memory>

#include "crypto/p256.h"
#include "simulator/seed.h"

namespace mpc::simulator {

/// A private key, as the secret that it is made from: a plain value, loaded whenever it is used.
class SigningKey {
public:
    /// The same key for the same seed and name.
    [[nodiscard]] static SigningKey of(Seed const& seed, std::string_view name);

    /// ECDSA with SHA-256. The same signature for the same message, so that a simulation can be repeated byte for byte.
    /// Errors: Internal.
    [[nodiscard]] Result<crypto::P256Signature> sign(ByteView message) const;
    /// x || y, 32 big-endian bytes each. Errors: Internal.
    [[nodiscard]] Result<std::array<std::uint8_t, 64>> point() const;
    /// OpenSSL's form, for certificates. Errors: Internal.
    [[nodiscard]] Result<std::shared_ptr<evp_pkey_st>> handle() const;

private:
    explicit SigningKey(Sha256 const& secret) : m_secret(secret) {}
    Sha256 m_secret;
};

}  // namespace mpc::simulator
