#include "simulator/certificate.h"

#include "simulator/openssl.h"
#include "simulator/sgx_extension.h"

namespace mpc::simulator {

namespace {

Result<Name> name_of(std::string const& common_name)
{
    Name name(X509_NAME_new());
    auto const add = [&](char const* field, std::string const& value) {
        return X509_NAME_add_entry_by_txt(name.get(), field, MBSTRING_UTF8,
                   reinterpret_cast<unsigned char const*>(value.data()), static_cast<int>(value.size()), -1, 0)
            == 1;
    };
    TRY(require(name && add("CN", common_name) && add("O", "SIMULATED, not by Intel"), "name"));
    return name;
}

AsnTime time_of(crypto::Time time)
{
    return AsnTime(ASN1_TIME_set(nullptr, static_cast<time_t>(time.time_since_epoch().count())));
}

Result<void> add_extension(X509* certificate, int kind, std::string const& value)
{
    Extension const extension(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
    return require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

Result<void> add_sgx_extension(X509* certificate, ByteView content)
{
    Identifier const kind(OBJ_txt2obj("1.2.840.113741.1.13.1", 1));
    Octets const octets(ASN1_OCTET_STRING_new());
    TRY(require(kind && octets
            && ASN1_OCTET_STRING_set(octets.get(), content.data(), static_cast<int>(content.size())) == 1,
        "SGX extension"));
    Extension const extension(X509_EXTENSION_create_by_OBJ(nullptr, kind.get(), 0, octets.get()));
    return require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "SGX extension");
}

/// A positive DER integer from 32 big-endian bytes.
Bytes der_number(ByteView bytes)
{
    while (bytes.size() > 1 && bytes[0] == 0 && bytes[1] < 0x80)
        bytes = bytes.subspan(1);
    Bytes content;
    if (bytes[0] >= 0x80)
        content.push_back(0);
    content.insert(content.end(), bytes.begin(), bytes.end());
    return der_element(0x02, content);
}

/// {what is signed, the algorithm, the signature}: as OpenSSL writes it, but with a signature that can be repeated.
Result<Bytes> sealed(Bytes content, X509_ALGOR const* algorithm, SigningKey const& signer)
{
    auto const signature = TRY(signer.sign(content));
    auto pair = der_number(ByteView(signature.bytes).first(32));
    auto const s = der_number(ByteView(signature.bytes).last(32));
    pair.insert(pair.end(), s.begin(), s.end());
    auto bits = der_element(0x30, pair);
    bits.insert(bits.begin(), 0);  // no unused bits
    for (auto const& part : { crypto::der_of(i2d_X509_ALGOR, algorithm), der_element(0x03, bits) })
        content.insert(content.end(), part.begin(), part.end());
    return der_element(0x30, content);
}

/// i2d_re_X509_tbs() takes what it encodes anew as not const.
template <typename T>
Bytes signed_part(int (*encode)(T*, unsigned char**), T* object)
{
    unsigned char* out = nullptr;
    auto const size = encode(object, &out);
    Bytes const bytes(out, out + std::max(size, 0));
    OPENSSL_free(out);
    return bytes;
}

Result<crypto::X509Handle> filled_in(CertificateSpec const& spec)
{
    crypto::X509Handle certificate(X509_new());
    auto* const x = certificate.get();
    auto const key = TRY(spec.key.handle());
    auto const subject = TRY(name_of(spec.common_name));
    auto const issuer = TRY(name_of(spec.issuer_name));
    TRY(require(x && X509_set_version(x, X509_VERSION_3) == 1
            && ASN1_INTEGER_set(X509_get_serialNumber(x), spec.serial) == 1
            && X509_set_subject_name(x, subject.get()) == 1 && X509_set_issuer_name(x, issuer.get()) == 1
            && X509_set1_notBefore(x, time_of(spec.from).get()) == 1
            && X509_set1_notAfter(x, time_of(spec.until).get()) == 1 && X509_set_pubkey(x, key.get()) == 1,
        "certificate"));
    TRY(add_extension(x, NID_basic_constraints, spec.certificate_authority ? "critical,CA:TRUE" : "critical,CA:FALSE"));
    TRY(add_extension(x, NID_key_usage, spec.key_usage));
    for (int i = 0; !spec.sgx_extension.empty() && i < spec.sgx_extension_count; ++i)
        TRY(add_sgx_extension(x, spec.sgx_extension));
    return certificate;
}

Result<void> add_revoked(X509_CRL* crl, long serial, ASN1_TIME const* since)
{
    std::unique_ptr<X509_REVOKED, Freed<X509_REVOKED_free>> entry(X509_REVOKED_new());
    crypto::IntegerHandle const number(ASN1_INTEGER_new());
    auto* date = ASN1_STRING_dup(since);
    std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>> const owned(date);
    TRY(require(entry && number && date && ASN1_INTEGER_set(number.get(), serial) == 1
            && X509_REVOKED_set_serialNumber(entry.get(), number.get()) == 1
            && X509_REVOKED_set_revocationDate(entry.get(), date) == 1 && X509_CRL_add0_revoked(crl, entry.get()) == 1,
        "revoked certificate"));
    static_cast<void>(entry.release());  // the list's now
    return ok;
}

Result<crypto::CrlHandle> filled_in(CrlSpec const& spec)
{
    crypto::CrlHandle list(X509_CRL_new());
    auto* const crl = list.get();
    auto const issuer = TRY(name_of(spec.issuer_name));
    auto const from = time_of(spec.from);
    crypto::IntegerHandle const one(ASN1_INTEGER_new());
    TRY(require(crl && one && ASN1_INTEGER_set(one.get(), 1) == 1 && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1
            && X509_CRL_set_issuer_name(crl, issuer.get()) == 1 && X509_CRL_set1_lastUpdate(crl, from.get()) == 1
            && X509_CRL_set1_nextUpdate(crl, time_of(spec.until).get()) == 1,
        "CRL"));
    for (auto const serial : spec.revoked)
        TRY(add_revoked(crl, serial, from.get()));
    if (spec.has_number)
        TRY(require(X509_CRL_add1_ext_i2d(crl, NID_crl_number, one.get(), 0, 0) == 1, "CRL number"));
    if (spec.is_delta)
        TRY(require(X509_CRL_add1_ext_i2d(crl, NID_delta_crl, one.get(), 1, 0) == 1, "delta CRL"));
    return list;
}

}  // namespace

Result<Bytes> issue_certificate(CertificateSpec const& spec)
{
    auto const certificate = TRY(filled_in(spec));
    auto* const x = certificate.get();
    auto const signer = TRY(spec.signer.handle());
    // Puts the algorithm in, too.
    TRY(require(X509_sign(x, signer.get(), EVP_get_digestbyname(spec.digest.c_str())) > 0, "certificate signature"));
    if (spec.digest != "SHA256")
        return crypto::der_of(i2d_X509, static_cast<X509 const*>(x));
    return sealed(signed_part(i2d_re_X509_tbs, x), X509_get0_tbs_sigalg(x), spec.signer);
}

Result<Bytes> issue_crl(CrlSpec const& spec)
{
    auto const list = TRY(filled_in(spec));
    auto* const crl = list.get();
    auto const signer = TRY(spec.signer.handle());
    TRY(require(X509_CRL_sign(crl, signer.get(), EVP_sha256()) > 0, "CRL signature"));
    X509_ALGOR const* algorithm = nullptr;
    X509_CRL_get0_signature(crl, nullptr, &algorithm);
    return sealed(signed_part(i2d_re_X509_CRL_tbs, crl), algorithm, spec.signer);
}

std::string pem_of(ByteView certificate)
{
    auto const text = to_base64(certificate);
    std::string pem = "-----BEGIN CERTIFICATE-----\n";
    for (std::size_t i = 0; i < text.size(); i += 64)
        pem += text.substr(i, 64) + "\n";
    return pem + "-----END CERTIFICATE-----\n";
}

}  // namespace mpc::simulator
