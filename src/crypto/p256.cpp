#include "crypto/p256.h"

#include <algorithm>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>

#include "crypto/handles.h"

namespace mpc::crypto {

Result<P256Key> P256Key::from_point(std::array<std::uint8_t, 64> const& point)
{
    std::array<std::uint8_t, 65> encoded { 0x04 };
    std::copy(point.begin(), point.end(), encoded.begin() + 1);
    char group[] = "prime256v1";
    std::array const parameters { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), encoded.size()),
        OSSL_PARAM_construct_end() };

    KeyContext const maker(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* made = nullptr;
    if (!maker || EVP_PKEY_fromdata_init(maker.get()) != 1
        || EVP_PKEY_fromdata(maker.get(), &made, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parameters.data())) != 1)
        return Error(ErrorKind::Invalid, "not a point on the curve P-256");
    std::shared_ptr<EVP_PKEY> key(made, EVP_PKEY_free);
    // P-256 has cofactor 1, so a point on the curve is in the group: the quick check is the full one.
    KeyContext const checker(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    if (!checker || EVP_PKEY_public_check_quick(checker.get()) != 1)
        return Error(ErrorKind::Invalid, "not a point on the curve P-256");
    return P256Key(std::move(key), point);
}

bool P256Key::verifies(ByteView message, P256Signature const& signature) const
{
    EcdsaSignature const pair(ECDSA_SIG_new());
    auto* r = BN_bin2bn(signature.bytes.data(), 32, nullptr);
    auto* s = BN_bin2bn(signature.bytes.data() + 32, 32, nullptr);
    if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return false;
    }
    auto const der = der_of(i2d_ECDSA_SIG, static_cast<ECDSA_SIG const*>(pair.get()));
    DigestContext const context(EVP_MD_CTX_new());
    return context
        && EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, m_key.get(), nullptr) == 1
        && EVP_DigestVerify(context.get(), der.data(), der.size(), message.data(), message.size()) == 1;
}

}  // namespace mpc::crypto
