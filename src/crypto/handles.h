// Owners of OpenSSL's objects.
#pragma once

#include <memory>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "base/bytes.h"

namespace mpc::crypto {

/// Calls the C function that frees an object.
template <auto Free>
struct Freed {
    template <typename T>
    void operator()(T* object) const
    {
        Free(object);
    }
};

using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;
using X509Handle = std::unique_ptr<X509, Freed<X509_free>>;
using CrlHandle = std::unique_ptr<X509_CRL, Freed<X509_CRL_free>>;
using IntegerHandle = std::unique_ptr<ASN1_INTEGER, Freed<ASN1_INTEGER_free>>;

/// What an i2d_ function of OpenSSL writes for an object; empty when it fails.
template <typename T>
Bytes der_of(int (*encode)(T const*, unsigned char**), T const* object)
{
    auto const size = encode(object, nullptr);
    if (size <= 0)
        return {};
    Bytes der(static_cast<std::size_t>(size));
    auto* out = der.data();
    encode(object, &out);
    return der;
}

}  // namespace mpc::crypto
