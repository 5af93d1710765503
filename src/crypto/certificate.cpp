#include "crypto/certificate.h"

#include <algorithm>
#include <array>

#include <openssl/x509v3.h>

#include "crypto/handles.h"

namespace mpc::crypto {

namespace {

constexpr std::size_t most_certificate_bytes = 8 << 10;
constexpr std::size_t most_chain_bytes = 16 << 10;
constexpr std::string_view pem_begin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view pem_end = "-----END CERTIFICATE-----";

Error invalid(char const* message) { return { ErrorKind::Invalid, message }; }

std::string common_name_of(X509_NAME const* name)
{
    auto const first = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (first < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, first) >= 0)
        return {};
    auto const* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first));
    auto const* data = ASN1_STRING_get0_data(text);
    return std::string(data, data + ASN1_STRING_length(text));
}

/// The key, which must be an uncompressed point on the named curve P-256.
Result<P256Key> key_of(X509* certificate)
{
    auto const* key = X509_get0_pubkey(certificate);
    std::array<char, 32> group {};
    auto const* bits = X509_get0_pubkey_bitstr(certificate);
    if (!key || EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1
        || std::string_view(group.data()) != "prime256v1")
        return invalid("the key is not on the curve P-256");
    auto const* data = ASN1_STRING_get0_data(bits);
    if (ASN1_STRING_length(bits) != 65 || data[0] != 0x04)
        return invalid("the key is not an uncompressed point");
    std::array<std::uint8_t, 64> point {};
    std::copy_n(data + 1, point.size(), point.begin());
    return P256Key::from_point(point);
}

/// OpenSSL reads the extensions it knows; what it cannot read or does not know and is critical is refused.
Result<Usage> usage_of(X509* certificate)
{
    auto const flags = X509_get_extension_flags(certificate);
    if ((flags & (EXFLAG_INVALID | EXFLAG_CRITICAL)) != 0)
        return invalid("a certificate extension is malformed, or critical and unknown");
    auto const bits = (flags & EXFLAG_KUSAGE) != 0 ? X509_get_key_usage(certificate) : 0;
    return Usage { .certificate_authority = (flags & EXFLAG_BCONS) != 0 && (flags & EXFLAG_CA) != 0,
        .signs_certificates = (bits & KU_KEY_CERT_SIGN) != 0,
        .signs_crls = (bits & KU_CRL_SIGN) != 0,
        .signs_data = (bits & KU_DIGITAL_SIGNATURE) != 0 };
}

}  // namespace

Result<Certificate> Certificate::parse(ByteView der)
{
    if (der.size() > most_certificate_bytes)
        return invalid("a certificate of more than 8 KiB");
    auto const* at = der.data();
    std::shared_ptr<X509> const handle(d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free);
    if (!handle || at != der.data() + der.size())
        return invalid("not exactly one DER certificate");
    auto* certificate = handle.get();
    if (!std::ranges::equal(der_of(i2d_X509, static_cast<X509 const*>(certificate)), der))
        return invalid("the certificate is not in DER");
    if (X509_get_version(certificate) != X509_VERSION_3)
        return invalid("not a certificate of version 3");
    if (X509_get_signature_nid(certificate) != NID_ecdsa_with_SHA256)
        return invalid("the certificate is not signed with ECDSA and SHA-256");
    auto const* serial = X509_get0_serialNumber(certificate);
    auto const* digits = ASN1_STRING_get0_data(serial);
    auto const not_before = TRY(from_asn1(X509_get0_notBefore(certificate)));
    auto const not_after = TRY(from_asn1(X509_get0_notAfter(certificate)));
    auto const usage = TRY(usage_of(certificate));
    auto const key = TRY(key_of(certificate));
    return Certificate(Facts { .handle = handle,
        .der = Bytes(der.begin(), der.end()),
        .subject = der_of(i2d_X509_NAME, static_cast<X509_NAME const*>(X509_get_subject_name(certificate))),
        .issuer = der_of(i2d_X509_NAME, static_cast<X509_NAME const*>(X509_get_issuer_name(certificate))),
        .serial = Bytes(digits, digits + ASN1_STRING_length(serial)),
        .fingerprint = sha256({ der }),
        .common_name = common_name_of(X509_get_subject_name(certificate)),
        .validity = { not_before, not_after },
        .usage = usage,
        .key = key });
}

Result<std::optional<Bytes>> Certificate::extension(char const* oid) const
{
    std::unique_ptr<ASN1_OBJECT, Freed<ASN1_OBJECT_free>> const object(OBJ_txt2obj(oid, 1));
    auto const* certificate = m_facts->handle.get();
    auto const first = X509_get_ext_by_OBJ(certificate, object.get(), -1);
    if (first < 0)
        return std::optional<Bytes>();
    if (X509_get_ext_by_OBJ(certificate, object.get(), first) >= 0)
        return Error(ErrorKind::Invalid, std::string("the extension ") + oid + " occurs twice");
    auto const* value = X509_EXTENSION_get_data(X509_get_ext(certificate, first));
    auto const* data = ASN1_STRING_get0_data(value);
    return std::optional(Bytes(data, data + ASN1_STRING_length(value)));
}

bool Certificate::signed_by(P256Key const& key) const { return X509_verify(m_facts->handle.get(), key.handle()) == 1; }

// By hand, because OpenSSL's PEM reader passes over whatever stands between two blocks.
Result<std::vector<Certificate>> parse_chain(std::string_view pem, std::size_t count)
{
    if (pem.size() > most_chain_bytes)
        return invalid("a certificate chain of more than 16 KiB");
    std::vector<Certificate> chain;
    auto const skip_line_breaks = [&pem] { pem.remove_prefix(std::min(pem.find_first_not_of("\r\n"), pem.size())); };
    for (skip_line_breaks(); !pem.empty(); skip_line_breaks()) {
        auto const where = "certificate " + std::to_string(chain.size() + 1);
        auto const end = pem.find(pem_end);
        if (!pem.starts_with(pem_begin) || end == std::string_view::npos)
            return Error(ErrorKind::Invalid, where + ": not a PEM certificate");
        auto const text = pem.substr(pem_begin.size(), end - pem_begin.size());
        chain.push_back(TRY(Certificate::parse(TRY(from_base64(text).in(where))).in(where)));
        pem.remove_prefix(end + pem_end.size());
    }
    if (chain.size() != count)
        return Error(ErrorKind::Invalid,
            "a chain of " + std::to_string(chain.size()) + " certificates instead of " + std::to_string(count));
    return chain;
}

}  // namespace mpc::crypto
