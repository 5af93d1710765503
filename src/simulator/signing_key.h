// P-256 keys and certificates of the simulated PKI, over OpenSSL. Made from a seed: nobody's trust hangs on them.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "hash/hash.h"

struct evp_pkey_st;

namespace mpc::simulator {

/// Two 32-byte big-endian numbers, one after the other: x and y of a point, or r and s of a signature.
using TwoNumbers = std::array<std::uint8_t, 64>;

class SigningKey {
public:
    /// The key whose private number is `secret`, reduced into the range of such numbers. Errors: Internal.
    static Result<SigningKey> from(Sha256 const& secret);

    [[nodiscard]] TwoNumbers const& public_point() const { return m_public_point; }
    /// ECDSA with SHA-256 over the message. Errors: Internal.
    [[nodiscard]] Result<TwoNumbers> sign(ByteView message) const;

    /// OpenSSL's handle, for the certificates.
    [[nodiscard]] evp_pkey_st* handle() const { return m_key.get(); }

private:
    SigningKey(std::shared_ptr<evp_pkey_st> key, TwoNumbers const& point) : m_key(std::move(key)), m_public_point(point)
    {
    }

    std::shared_ptr<evp_pkey_st> m_key;
    TwoNumbers m_public_point;
};

/// A party of the simulated PKI: what its certificate calls it, and its key.
struct Party {
    std::string common_name;
    SigningKey key;
};

enum class CertificateKind { Authority, EndEntity };

/// The certificate of `subject`, issued by `issuer` (itself, for a root), valid from 2020 to 2049, as PEM.
/// Errors: Internal.
[[nodiscard]] Result<std::string> issue_certificate(Party const& subject, CertificateKind kind, Party const& issuer);

}  // namespace mpc::simulator
