// OpenSSL's objects that only the simulator makes, and the one way in which making them fails.
#pragma once

#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include "crypto/handles.h"

namespace mpc::simulator {

using crypto::Freed;
using BigNumber = std::unique_ptr<BIGNUM, Freed<BN_clear_free>>;
using Group = std::unique_ptr<EC_GROUP, Freed<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Freed<EC_POINT_free>>;
using Scratch = std::unique_ptr<BN_CTX, Freed<BN_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using Name = std::unique_ptr<X509_NAME, Freed<X509_NAME_free>>;
using AsnTime = std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Octets = std::unique_ptr<ASN1_OCTET_STRING, Freed<ASN1_OCTET_STRING_free>>;
using Identifier = std::unique_ptr<ASN1_OBJECT, Freed<ASN1_OBJECT_free>>;

/// Errors: Internal unless `success`: what OpenSSL is given here is ours.
[[nodiscard]] inline Result<void> require(bool success, char const* what)
{
    if (!success)
        return Error(ErrorKind::Internal, std::string("OpenSSL: ") + what);
    return ok;
}

}  // namespace mpc::simulator
