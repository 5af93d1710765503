#include "simulator/signing_key.h"

#include <algorithm>

#include <openssl/core_names.h>

#include "simulator/openssl.h"

namespace mpc::simulator {

namespace {

/// P-256, the numbers below its order, and somewhere to compute.
struct Curve {
    Group group;
    Scratch scratch;

    static Result<Curve> load()
    {
        Curve curve { Group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)), Scratch(BN_CTX_new()) };
        TRY(require(curve.group && curve.scratch, "P-256"));
        return curve;
    }
    [[nodiscard]] BIGNUM const* order() const { return EC_GROUP_get0_order(group.get()); }
};

/// A number from 1 to order - 1.
Result<BigNumber> number_in_range(Curve const& curve, ByteView bytes)
{
    BigNumber number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    BigNumber limit(BN_dup(curve.order()));
    TRY(require(number && limit && BN_sub_word(limit.get(), 1)
            && BN_nnmod(number.get(), number.get(), limit.get(), curve.scratch.get()) && BN_add_word(number.get(), 1),
        "private number"));
    return number;
}

/// 04, x, y of number * G.
Result<std::array<std::uint8_t, 65>> multiple_of_generator(Curve const& curve, BIGNUM const* number)
{
    auto const* group = curve.group.get();
    Point const point(EC_POINT_new(group));
    std::array<std::uint8_t, 65> octets {};
    TRY(require(point && EC_POINT_mul(group, point.get(), number, nullptr, nullptr, curve.scratch.get()) == 1
            && EC_POINT_point2oct(group, point.get(), POINT_CONVERSION_UNCOMPRESSED, octets.data(), octets.size(),
                   curve.scratch.get())
                == octets.size(),
        "point"));
    return octets;
}

}  // namespace

SigningKey SigningKey::of(Seed const& seed, std::string_view name)
{
    return SigningKey(seed.bytes32("key of " + std::string(name)));
}

Result<std::array<std::uint8_t, 64>> SigningKey::point() const
{
    auto const curve = TRY(Curve::load());
    auto const octets = TRY(multiple_of_generator(curve, TRY(number_in_range(curve, m_secret)).get()));
    std::array<std::uint8_t, 64> point {};
    std::copy(octets.begin() + 1, octets.end(), point.begin());
    return point;
}

Result<std::shared_ptr<evp_pkey_st>> SigningKey::handle() const
{
    auto const curve = TRY(Curve::load());
    auto const number = TRY(number_in_range(curve, m_secret));
    auto const octets = TRY(multiple_of_generator(curve, number.get()));
    ParamBuilder const builder(OSSL_PARAM_BLD_new());
    TRY(require(builder
            && OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1
            && OSSL_PARAM_BLD_push_BN_pad(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get(), 32) == 1
            && OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, octets.data(), octets.size())
                == 1,
        "key parameters"));
    Params const params(OSSL_PARAM_BLD_to_param(builder.get()));
    crypto::KeyContext const context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* key = nullptr;
    TRY(require(params && context && EVP_PKEY_fromdata_init(context.get()) == 1
            && EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.get()) == 1,
        "key"));
    return std::shared_ptr<evp_pkey_st>(key, EVP_PKEY_free);
}

/// FIPS 186-4, 6.4, with a nonce made from key and message, as RFC 6979 does it in another way: OpenSSL 3.0 has none.
/// That r or s becomes 0 does not happen in practice; then the signature would not verify.
Result<crypto::P256Signature> SigningKey::sign(ByteView message) const
{
    auto const curve = TRY(Curve::load());
    auto const* const order = curve.order();
    auto* const scratch = curve.scratch.get();
    auto const hash = sha256({ message });
    auto const key = TRY(number_in_range(curve, m_secret));
    auto const nonce = TRY(number_in_range(curve, sha512({ m_secret, hash })));
    auto const octets = TRY(multiple_of_generator(curve, nonce.get()));

    BigNumber const r(BN_bin2bn(octets.data() + 1, 32, nullptr));
    BigNumber const s(BN_bin2bn(hash.data(), 32, nullptr));
    BigNumber const product(BN_new());
    BigNumber const inverse(BN_mod_inverse(nullptr, nonce.get(), order, scratch));
    crypto::P256Signature signature;
    auto* const out = signature.bytes.data();
    TRY(require(r && s && product && inverse && BN_nnmod(r.get(), r.get(), order, scratch)
            && BN_mod_mul(product.get(), r.get(), key.get(), order, scratch)
            && BN_mod_add(s.get(), s.get(), product.get(), order, scratch)
            && BN_mod_mul(s.get(), s.get(), inverse.get(), order, scratch) && BN_bn2binpad(r.get(), out, 32) == 32
            && BN_bn2binpad(s.get(), out + 32, 32) == 32,
        "signature"));
    return signature;
}

}  // namespace mpc::simulator
