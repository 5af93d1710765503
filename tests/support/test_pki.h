// An attestation PKI of our own: keys, certificates and CRLs like Intel's, each of which a test can make wrong in one
// way.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/certificate.h"

struct evp_pkey_st;

namespace mpc::test {

/// A private key on P-256.
class SigningKey {
public:
    /// The same key for the same name, within one process.
    static SigningKey named(std::string const& name);

    [[nodiscard]] crypto::P256Signature sign(ByteView message) const;
    [[nodiscard]] std::array<std::uint8_t, 64> point() const;
    [[nodiscard]] evp_pkey_st* handle() const { return m_key.get(); }

private:
    explicit SigningKey(std::shared_ptr<evp_pkey_st> key) : m_key(std::move(key)) {}
    std::shared_ptr<evp_pkey_st> m_key;
};

struct CertificateSpec {
    std::string common_name;
    std::string issuer_name;
    SigningKey key;
    SigningKey signer;
    crypto::Time from {};
    crypto::Time until {};
    long serial = 1;
    bool certificate_authority = false;
    std::string key_usage = "critical,digitalSignature,nonRepudiation";  ///< as openssl.cnf writes it
    Bytes sgx_extension {};
    int sgx_extension_count = 1;  ///< how often it is there, when it is
    char const* digest = "SHA256";
};

struct CrlSpec {
    std::string issuer_name;
    SigningKey signer;
    crypto::Time from {};
    crypto::Time until {};
    std::vector<long> revoked {};
    bool has_number = true;
    bool is_delta = false;
};

[[nodiscard]] Bytes der_of(CertificateSpec const& spec);
[[nodiscard]] Bytes der_of(CrlSpec const& spec);
[[nodiscard]] std::string pem_of(ByteView der);
[[nodiscard]] crypto::Certificate issue(CertificateSpec const& spec);
[[nodiscard]] crypto::RevocationList issue(CrlSpec const& spec);

/// One DER element.
[[nodiscard]] Bytes der_element(std::uint8_t tag, ByteView content);

/// What an SGX extension says; in its order, so that a test can leave out, repeat or replace entries.
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
[[nodiscard]] Bytes der_of(SgxExtensionSpec const& spec);

}  // namespace mpc::test
