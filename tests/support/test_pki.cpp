#include "support/test_pki.h"

#include <algorithm>
#include <map>

#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/handles.h"

namespace mpc::test {

namespace {

using crypto::Freed;
using Name = std::unique_ptr<X509_NAME, Freed<X509_NAME_free>>;
using AsnTime = std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Octets = std::unique_ptr<ASN1_OCTET_STRING, Freed<ASN1_OCTET_STRING_free>>;

void add_text(X509_NAME* name, char const* field, std::string const& value)
{
    X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, reinterpret_cast<unsigned char const*>(value.c_str()), -1, -1,
        0);
}

Name name_of(std::string const& common_name)
{
    Name name(X509_NAME_new());
    add_text(name.get(), "CN", common_name);
    add_text(name.get(), "O", "Intel Corporation");
    add_text(name.get(), "L", "Santa Clara");
    add_text(name.get(), "ST", "CA");
    add_text(name.get(), "C", "US");
    return name;
}

AsnTime time_of(crypto::Time time)
{
    return AsnTime(ASN1_TIME_set(nullptr, static_cast<time_t>(time.time_since_epoch().count())));
}

void add_extension(X509* certificate, int kind, std::string const& value)
{
    Extension const extension(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
    X509_add_ext(certificate, extension.get(), -1);
}

void add_sgx_extension(X509* certificate, ByteView content)
{
    std::unique_ptr<ASN1_OBJECT, Freed<ASN1_OBJECT_free>> const kind(OBJ_txt2obj("1.2.840.113741.1.13.1", 1));
    Octets const octets(ASN1_OCTET_STRING_new());
    ASN1_OCTET_STRING_set(octets.get(), content.data(), static_cast<int>(content.size()));
    Extension const extension(X509_EXTENSION_create_by_OBJ(nullptr, kind.get(), 0, octets.get()));
    X509_add_ext(certificate, extension.get(), -1);
}

void set_serial(ASN1_INTEGER* serial, long value) { ASN1_INTEGER_set(serial, value); }

Bytes joined(std::initializer_list<Bytes> parts)
{
    Bytes all;
    for (auto const& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

Bytes der_integer(unsigned value)
{
    Bytes content;
    for (int shift = 24; shift >= 0; shift -= 8)
        content.push_back(static_cast<std::uint8_t>(value >> shift));
    while (content.size() > 1 && content[0] == 0 && content[1] < 0x80)
        content.erase(content.begin());
    return der_element(0x02, content);
}

/// {identifier 1.2.840.113741.1.13.1 and `suffix`, value}.
Bytes der_entry(std::initializer_list<std::uint8_t> suffix, Bytes const& value)
{
    Bytes identifier { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };
    identifier.insert(identifier.end(), suffix);
    return der_element(0x30, joined({ der_element(0x06, identifier), value }));
}

Bytes der_tcb(SgxExtensionSpec const& spec)
{
    Bytes entries;
    for (std::uint8_t index = 1; index <= 18; ++index) {
        if (index == spec.leave_out_tcb_entry)
            continue;
        auto const value = index == 18 ? der_element(0x04, spec.cpusvn)
            : index == 17              ? der_integer(spec.pcesvn)
                                       : der_integer(spec.components[index - 1U]);
        entries = joined({ entries, der_entry({ 2, index }, value) });
    }
    return der_element(0x30, entries);
}

}  // namespace

SigningKey SigningKey::named(std::string const& name)
{
    static std::map<std::string, std::shared_ptr<EVP_PKEY>> keys;
    auto& key = keys[name];
    if (!key)
        key.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
    return SigningKey(key);
}

crypto::P256Signature SigningKey::sign(ByteView message) const
{
    crypto::DigestContext const context(EVP_MD_CTX_new());
    EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, m_key.get(), nullptr);
    std::array<unsigned char, 80> der {};
    auto size = der.size();
    EVP_DigestSign(context.get(), der.data(), &size, message.data(), message.size());
    unsigned char const* at = der.data();
    crypto::EcdsaSignature const pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
    crypto::P256Signature signature;
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), signature.bytes.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), signature.bytes.data() + 32, 32);
    return signature;
}

std::array<std::uint8_t, 64> SigningKey::point() const
{
    unsigned char* encoded = nullptr;
    EVP_PKEY_get1_encoded_public_key(m_key.get(), &encoded);
    std::array<std::uint8_t, 64> point {};
    std::copy_n(encoded + 1, point.size(), point.begin());
    OPENSSL_free(encoded);
    return point;
}

Bytes der_of(CertificateSpec const& spec)
{
    crypto::X509Handle const certificate(X509_new());
    auto* x = certificate.get();
    X509_set_version(x, X509_VERSION_3);
    set_serial(X509_get_serialNumber(x), spec.serial);
    X509_set_subject_name(x, name_of(spec.common_name).get());
    X509_set_issuer_name(x, name_of(spec.issuer_name).get());
    X509_set1_notBefore(x, time_of(spec.from).get());
    X509_set1_notAfter(x, time_of(spec.until).get());
    X509_set_pubkey(x, spec.key.handle());
    add_extension(x, NID_basic_constraints, spec.certificate_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(x, NID_key_usage, spec.key_usage);
    for (int i = 0; !spec.sgx_extension.empty() && i < spec.sgx_extension_count; ++i)
        add_sgx_extension(x, spec.sgx_extension);
    X509_sign(x, spec.signer.handle(), EVP_get_digestbyname(spec.digest));
    return crypto::der_of(i2d_X509, static_cast<X509 const*>(x));
}

Bytes der_of(CrlSpec const& spec)
{
    crypto::CrlHandle const list(X509_CRL_new());
    auto* crl = list.get();
    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl, name_of(spec.issuer_name).get());
    X509_CRL_set1_lastUpdate(crl, time_of(spec.from).get());
    X509_CRL_set1_nextUpdate(crl, time_of(spec.until).get());
    for (auto const serial : spec.revoked) {
        auto* entry = X509_REVOKED_new();
        crypto::IntegerHandle const number(ASN1_INTEGER_new());
        set_serial(number.get(), serial);
        X509_REVOKED_set_serialNumber(entry, number.get());
        X509_REVOKED_set_revocationDate(entry, time_of(spec.from).get());
        X509_CRL_add0_revoked(crl, entry);
    }
    crypto::IntegerHandle const one(ASN1_INTEGER_new());
    set_serial(one.get(), 1);
    if (spec.has_number)
        X509_CRL_add1_ext_i2d(crl, NID_crl_number, one.get(), 0, 0);
    if (spec.is_delta)
        X509_CRL_add1_ext_i2d(crl, NID_delta_crl, one.get(), 1, 0);
    X509_CRL_sign(crl, spec.signer.handle(), EVP_sha256());
    return crypto::der_of(i2d_X509_CRL, static_cast<X509_CRL const*>(crl));
}

std::string pem_of(ByteView der)
{
    auto const text = to_base64(der);
    std::string pem = "-----BEGIN CERTIFICATE-----\n";
    for (std::size_t i = 0; i < text.size(); i += 64)
        pem += text.substr(i, 64) + "\n";
    return pem + "-----END CERTIFICATE-----\n";
}

crypto::Certificate issue(CertificateSpec const& spec) { return crypto::Certificate::parse(der_of(spec)).value(); }

crypto::RevocationList issue(CrlSpec const& spec) { return crypto::RevocationList::parse(der_of(spec)).value(); }

Bytes der_element(std::uint8_t tag, ByteView content)
{
    Bytes element { tag };
    auto const size = content.size();
    if (size >= 0x100)
        element.insert(element.end(), { 0x82, static_cast<std::uint8_t>(size >> 8) });
    else if (size >= 0x80)
        element.push_back(0x81);
    element.push_back(static_cast<std::uint8_t>(size));
    element.insert(element.end(), content.begin(), content.end());
    return element;
}

Bytes der_of(SgxExtensionSpec const& spec)
{
    std::array const fields { der_entry({ 1 }, der_element(0x04, spec.ppid)), der_entry({ 2 }, der_tcb(spec)),
        der_entry({ 3 }, der_element(0x04, spec.pceid)), der_entry({ 4 }, der_element(0x04, spec.fmspc)),
        der_entry({ 5 }, der_element(0x0a, Bytes { 0 })) };
    Bytes all;
    for (int i = 1; i <= static_cast<int>(fields.size()); ++i) {
        auto const& field = fields[static_cast<std::size_t>(i) - 1];
        auto const times = i == spec.leave_out_field ? 0 : i == spec.repeat_field ? 2 : 1;
        for (int n = 0; n < times; ++n)
            all = joined({ all, field });
    }
    return joined({ der_element(0x30, all), spec.trailing });
}

}  // namespace mpc::test
