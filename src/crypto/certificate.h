// X.509 certificates and CRLs as Intel's attestation PKI issues them (RFC 5280, P-256 and SHA-256 only). Bytes in,
// facts out; whom to believe is decided in src/attestation.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/p256.h"
#include "crypto/time.h"
#include "hash/hash.h"

struct x509_st;
struct X509_crl_st;

namespace mpc::crypto {

/// From one second to another.
struct Validity {
    Time from;
    Time until;
};

/// What a key may be used for, of KeyUsage and BasicConstraints; absent extensions allow nothing.
struct Usage {
    bool certificate_authority = false;
    bool signs_certificates = false;
    bool signs_crls = false;
    bool signs_data = false;  ///< digitalSignature
};

/// A certificate of version 3 with a P-256 key, signed with ECDSA and SHA-256. Copies share the parsed form.
class Certificate {
public:
    /// Exactly one DER certificate of at most 8 KiB. Errors: Invalid (trailing bytes, another algorithm or curve, a
    /// malformed or unknown critical extension, BER instead of DER).
    static Result<Certificate> parse(ByteView der);

    [[nodiscard]] Bytes const& der() const { return m_facts->der; }
    [[nodiscard]] Sha256 const& fingerprint() const { return m_facts->fingerprint; }  ///< SHA-256 of the DER
    [[nodiscard]] Bytes const& subject() const { return m_facts->subject; }           ///< DER of the name
    [[nodiscard]] Bytes const& issuer() const { return m_facts->issuer; }
    /// The one common name of the subject; empty when there is none or several.
    [[nodiscard]] std::string const& common_name() const { return m_facts->common_name; }
    [[nodiscard]] Bytes const& serial() const { return m_facts->serial; }  ///< big-endian, without leading zeros
    [[nodiscard]] Validity validity() const { return m_facts->validity; }
    [[nodiscard]] Usage usage() const { return m_facts->usage; }
    [[nodiscard]] P256Key const& key() const { return m_facts->key; }
    /// The content of the extension with this object identifier; nullopt when there is none. Errors: Invalid (two).
    [[nodiscard]] Result<std::optional<Bytes>> extension(char const* oid) const;
    /// Whether the key signed this certificate. Says nothing about names or dates.
    [[nodiscard]] bool signed_by(P256Key const& key) const;

private:
    struct Facts {
        std::shared_ptr<x509_st> handle;
        Bytes der, subject, issuer, serial;
        Sha256 fingerprint {};
        std::string common_name;
        Validity validity;
        Usage usage;
        P256Key key;
    };
    explicit Certificate(Facts facts) : m_facts(std::make_shared<Facts const>(std::move(facts))) {}
    std::shared_ptr<Facts const> m_facts;
};

/// Exactly `count` PEM certificates and nothing between, before or after them but line breaks; at most 16 KiB.
/// Errors: Invalid, with the place in the chain.
[[nodiscard]] Result<std::vector<Certificate>> parse_chain(std::string_view pem, std::size_t count);

/// A complete certificate revocation list, version 2: not a delta, not indirect, not partitioned.
class RevocationList {
public:
    /// Exactly one DER CRL of at most 1 MiB. Errors: Invalid (trailing bytes, no nextUpdate, no CRL number, another
    /// algorithm, a delta CRL, an issuing distribution point, an entry of another issuer).
    static Result<RevocationList> parse(ByteView der);

    [[nodiscard]] Bytes const& issuer() const { return m_facts->issuer; }
    [[nodiscard]] Validity validity() const { return m_facts->validity; }  ///< thisUpdate to nextUpdate
    [[nodiscard]] bool revokes(Certificate const& certificate) const;
    [[nodiscard]] bool signed_by(P256Key const& key) const;

private:
    struct Facts {
        std::shared_ptr<X509_crl_st> handle;
        Bytes issuer;
        Validity validity;
        std::vector<Bytes> serials;  // sorted
    };
    explicit RevocationList(Facts facts) : m_facts(std::make_shared<Facts const>(std::move(facts))) {}
    std::shared_ptr<Facts const> m_facts;
};

}  // namespace mpc::crypto
