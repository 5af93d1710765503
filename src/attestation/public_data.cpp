#include "attestation/public_data.h"

#include "attestation/byte_member.h"

namespace mpc::attestation {

namespace {

constexpr json::Limits limits { .bytes = std::size_t { 16 } << 20, .depth = 32 };

/// {"Dstack": {quote, collateral, tcb_info}}
Result<json::Object const*> dstack_attestation(json::Object const& object)
{
    auto const* participant = TRY(object.require("tee_participant_info"));
    if (participant->is_null())
        return Error(ErrorKind::Invalid, "tee_participant_info is null: the node has no attestation")
            .remedy(
                "look into the node's log for why it could not attest when it started (often: no collateral could be "
                "fetched), then restart it");
    auto const* kinds = participant->object();
    if (kinds && kinds->find("Mock"))
        return Error(ErrorKind::Invalid, "tee_participant_info is a mock: the node runs without a TEE")
            .remedy("a mock proves nothing; verify a node that was launched with PLATFORM=TEE");
    if (!kinds || !kinds->find("Dstack"))
        return Error(ErrorKind::Invalid, "tee_participant_info is of no known kind (Dstack)");
    return kinds->require_object("Dstack").in("tee_participant_info");
}

Result<PublicData> read(json::Object const& object)
{
    auto const* attestation = TRY(dstack_attestation(object));
    auto const keys = TRY(parse_node_keys(object));
    auto quote = TRY(SignedQuote::parse(TRY(require_bytes(*attestation, "quote"))).in("quote"));
    auto collateral = TRY(Collateral::parse(*TRY(attestation->require_object("collateral"))));
    auto info = TRY(DstackInfo::parse(*TRY(attestation->require_object("tcb_info"))));
    return PublicData { keys, std::move(quote), std::move(collateral), std::move(info) };
}

}  // namespace

Result<NodeKeys> parse_node_keys(json::Object const& object)
{
    NodeKeys keys;
    keys.tls = TRY(NearKey::parse(TRY(object.require_text("near_p2p_public_key"))).in("near_p2p_public_key"));
    keys.account = TRY(NearKey::parse(TRY(object.require_text("near_signer_public_key"))).in("near_signer_public_key"));
    return keys;
}

Result<NodeKeys> parse_node_keys(std::string_view text)
{
    return parse_node_keys(TRY(json::read_object(text, { .bytes = 1 << 20, .depth = 32 })));
}

Result<PublicData> PublicData::parse(std::string_view text)
{
    return read(TRY(json::read_object(text, limits).in("public data"))).in("public data");
}

}  // namespace mpc::attestation
