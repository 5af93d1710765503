#include <algorithm>

#include <openssl/x509v3.h>

#include "crypto/certificate.h"
#include "crypto/handles.h"

namespace mpc::crypto {

namespace {

constexpr std::size_t most_crl_bytes = 1 << 20;

Error invalid(char const* message) { return { ErrorKind::Invalid, message }; }

/// The extensions that make a CRL mean less than "everything of this issuer, now" are refused, critical or not.
Result<void> require_complete(X509_CRL const* crl)
{
    if (X509_CRL_get_ext_by_NID(crl, NID_crl_number, -1) < 0)
        return invalid("a CRL without a CRL number");
    if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
        return invalid("a delta CRL");
    if (X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) >= 0)
        return invalid("a CRL for a part of its issuer's certificates");
    for (int i = 0; i < X509_CRL_get_ext_count(crl); ++i) {
        auto* extension = X509_CRL_get_ext(crl, i);
        auto const kind = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
        bool const known = kind == NID_crl_number || kind == NID_authority_key_identifier;
        if (X509_EXTENSION_get_critical(extension) != 0 && !known)
            return invalid("a CRL with an unknown critical extension");
    }
    return ok;
}

Result<std::vector<Bytes>> serials_of(X509_CRL* crl)
{
    std::vector<Bytes> serials;
    auto const* entries = X509_CRL_get_REVOKED(crl);
    for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
        auto const* entry = sk_X509_REVOKED_value(entries, i);
        if (X509_REVOKED_get_ext_by_NID(entry, NID_certificate_issuer, -1) >= 0)
            return invalid("an indirect CRL");
        auto const* serial = X509_REVOKED_get0_serialNumber(entry);
        auto const* data = ASN1_STRING_get0_data(serial);
        serials.emplace_back(data, data + ASN1_STRING_length(serial));
    }
    std::ranges::sort(serials);
    return serials;
}

}  // namespace

Result<RevocationList> RevocationList::parse(ByteView der)
{
    if (der.size() > most_crl_bytes)
        return invalid("a CRL of more than 1 MiB");
    auto const* at = der.data();
    std::shared_ptr<X509_CRL> const handle(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())), X509_CRL_free);
    if (!handle || at != der.data() + der.size())
        return invalid("not exactly one DER CRL");
    auto* crl = handle.get();
    if (!std::ranges::equal(der_of(i2d_X509_CRL, static_cast<X509_CRL const*>(crl)), der))
        return invalid("the CRL is not in DER");
    if (X509_CRL_get_version(crl) != X509_CRL_VERSION_2)
        return invalid("not a CRL of version 2");
    if (X509_CRL_get_signature_nid(crl) != NID_ecdsa_with_SHA256)
        return invalid("the CRL is not signed with ECDSA and SHA-256");
    if (!X509_CRL_get0_nextUpdate(crl))
        return invalid("a CRL without nextUpdate");
    TRY(require_complete(crl));
    auto const last_update = TRY(from_asn1(X509_CRL_get0_lastUpdate(crl)));
    auto const next_update = TRY(from_asn1(X509_CRL_get0_nextUpdate(crl)));
    auto const serials = TRY(serials_of(crl));
    return RevocationList(Facts { .handle = handle,
        .issuer = der_of(i2d_X509_NAME, static_cast<X509_NAME const*>(X509_CRL_get_issuer(crl))),
        .validity = { last_update, next_update },
        .serials = serials });
}

bool RevocationList::revokes(Certificate const& certificate) const
{
    return std::ranges::binary_search(m_facts->serials, certificate.serial());
}

bool RevocationList::signed_by(P256Key const& key) const
{
    return X509_CRL_verify(m_facts->handle.get(), key.handle()) == 1;
}

}  // namespace mpc::crypto
