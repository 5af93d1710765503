#include "simulator/signing_key.h"

#include <algorithm>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/handles.h"

namespace mpc::simulator {

namespace {

using crypto::DigestContext;
using crypto::Freed;
using crypto::KeyContext;
using BigNumber = std::unique_ptr<BIGNUM, Freed<BN_clear_free>>;
using Group = std::unique_ptr<EC_GROUP, Freed<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Freed<EC_POINT_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Name = std::unique_ptr<X509_NAME, Freed<X509_NAME_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;

/// The input is ours, so OpenSSL fails only for want of memory or by a defect of ours.
Result<void> require(bool success, char const* what)
{
    if (!success)
        return Error(ErrorKind::Internal, std::string("OpenSSL: ") + what);
    return ok;
}

/// A number from 1 to order - 1.
Result<BigNumber> private_number(EC_GROUP const* group, Sha256 const& secret)
{
    BigNumber number(BN_bin2bn(secret.data(), static_cast<int>(secret.size()), nullptr));
    BigNumber limit(BN_dup(EC_GROUP_get0_order(group)));
    std::unique_ptr<BN_CTX, Freed<BN_CTX_free>> const scratch(BN_CTX_new());
    TRY(require(number && limit && scratch && BN_sub_word(limit.get(), 1)
            && BN_nnmod(number.get(), number.get(), limit.get(), scratch.get()) && BN_add_word(number.get(), 1),
        "private number"));
    return number;
}

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

Result<void> add_extension(X509* certificate, int id, char const* value)
{
    Extension const extension(X509V3_EXT_conf_nid(nullptr, nullptr, id, value));
    return require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

/// The same for the same party, so that a simulation's certificates differ in their signatures only.
Result<void> set_serial(X509* certificate, Party const& subject)
{
    auto const hash = sha256({ as_bytes(subject.common_name), subject.key.public_point() });
    BigNumber const number(BN_bin2bn(hash.data(), 15, nullptr));
    return require(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)), "serial number");
}

Result<std::string> to_pem(X509* certificate)
{
    Memory const memory(BIO_new(BIO_s_mem()));
    TRY(require(memory && PEM_write_bio_X509(memory.get(), certificate) == 1, "PEM"));
    char* text = nullptr;
    auto const size = BIO_get_mem_data(memory.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace

Result<SigningKey> SigningKey::from(Sha256 const& secret)
{
    Group const group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    TRY(require(group != nullptr, "P-256"));
    auto const number = TRY(private_number(group.get(), secret));
    Point const point(EC_POINT_new(group.get()));
    std::array<std::uint8_t, 65> octets {};
    TRY(require(point && EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, nullptr) == 1
            && EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, octets.data(), octets.size(),
                   nullptr)
                == octets.size(),
        "public point"));

    ParamBuilder const builder(OSSL_PARAM_BLD_new());
    TRY(require(builder
            && OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1
            && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get()) == 1
            && OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, octets.data(), octets.size())
                == 1,
        "key parameters"));
    Params const params(OSSL_PARAM_BLD_to_param(builder.get()));
    KeyContext const context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* key = nullptr;
    TRY(require(params && context && EVP_PKEY_fromdata_init(context.get()) == 1
            && EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.get()) == 1,
        "key"));
    TwoNumbers x_and_y {};
    std::copy(octets.begin() + 1, octets.end(), x_and_y.begin());
    return SigningKey(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free), x_and_y);
}

Result<TwoNumbers> SigningKey::sign(ByteView message) const
{
    DigestContext const context(EVP_MD_CTX_new());
    std::array<std::uint8_t, 80> der {};
    auto size = der.size();
    TRY(require(context && EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, m_key.get()) == 1
            && EVP_DigestSign(context.get(), der.data(), &size, message.data(), message.size()) == 1,
        "signature"));
    auto const* at = der.data();
    Signature const signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
    TwoNumbers r_and_s {};
    TRY(require(signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), r_and_s.data(), 32) == 32
            && BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), r_and_s.data() + 32, 32) == 32,
        "r and s"));
    return r_and_s;
}

Result<std::string> issue_certificate(Party const& subject, CertificateKind kind, Party const& issuer)
{
    Certificate const certificate(X509_new());
    auto* const x509 = certificate.get();
    auto const subject_name = TRY(name_of(subject.common_name));
    auto const issuer_name = TRY(name_of(issuer.common_name));
    TRY(require(x509 && X509_set_version(x509, X509_VERSION_3) == 1
            && X509_set_subject_name(x509, subject_name.get()) == 1
            && X509_set_issuer_name(x509, issuer_name.get()) == 1
            && ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), "20200101000000Z") == 1
            && ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), "20491231235959Z") == 1
            && X509_set_pubkey(x509, subject.key.handle()) == 1,
        "certificate"));
    TRY(set_serial(x509, subject));
    bool const is_authority = kind == CertificateKind::Authority;
    TRY(add_extension(x509, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE"));
    TRY(add_extension(x509, NID_key_usage,
        is_authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"));
    TRY(require(X509_sign(x509, issuer.key.handle(), EVP_sha256()) > 0, "certificate signature"));
    return to_pem(x509);
}

}  // namespace mpc::simulator
