#include "attestation/collateral.h"

#include <algorithm>

#include "attestation/byte_member.h"

namespace mpc::attestation {

namespace {

constexpr json::Limits limits { .bytes = 1 << 20, .depth = 32 };

Result<std::vector<crypto::Certificate>> chain(json::Object const& object, std::string const& name)
{
    return crypto::parse_chain(TRY(object.require_text(name)), 2).in(name);
}

Result<crypto::RevocationList> revocation_list(json::Object const& object, std::string const& name)
{
    return crypto::RevocationList::parse(TRY(require_bytes(object, name))).in(name);
}

Result<SignedText> signed_text(json::Object const& object, std::string const& name)
{
    auto const signature = TRY(require_bytes(object, name + "_signature"));
    auto const text = TRY(object.require_text(name));
    auto const issuers = TRY(chain(object, name + "_issuer_chain"));
    SignedText result { text, {}, issuers };
    if (signature.size() != result.signature.bytes.size())
        return Error(ErrorKind::Invalid, name + "_signature is not 64 bytes");
    std::ranges::copy(signature, result.signature.bytes.begin());
    return result;
}

}  // namespace

Result<Collateral> Collateral::parse(std::string_view text)
{
    return parse(TRY(json::read_object(text, limits).in("collateral")));
}

Result<Collateral> Collateral::parse(json::Object const& object)
{
    auto const read = [&object]() -> Result<Collateral> {
        TRY(object.allow_only({ "pck_crl_issuer_chain", "root_ca_crl", "pck_crl", "tcb_info_issuer_chain", "tcb_info",
            "tcb_info_signature", "qe_identity_issuer_chain", "qe_identity", "qe_identity_signature",
            "pck_certificate_chain" }));
        auto const pck_crl_chain = TRY(chain(object, "pck_crl_issuer_chain"));
        auto const root_crl = TRY(revocation_list(object, "root_ca_crl"));
        auto const pck_crl = TRY(revocation_list(object, "pck_crl"));
        auto const tcb_info = TRY(signed_text(object, "tcb_info"));
        auto const qe_identity = TRY(signed_text(object, "qe_identity"));
        return Collateral { pck_crl_chain, root_crl, pck_crl, tcb_info, qe_identity };
    };
    return read().in("collateral");
}

}  // namespace mpc::attestation
