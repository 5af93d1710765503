#include "attestation/public_data.h"

#include <gtest/gtest.h>

#include "attestation/byte_member.h"
#include "support/reference_vectors.h"

namespace mpc::attestation {
namespace {

constexpr auto tls_key = "ed25519:3FwWphCj47PA3D8ErKeVNzqn2ckAKrfuixrvvfGrDxUx";
constexpr auto account_key = "ed25519:J992NeWhuaJXeUVJcDCVwfS5j1G26B5aJDUZ8iuBCYdc";

/// The same value with every list of byte values as hex.
json::Value with_hex_instead_of_lists(json::Value const& value)
{
    if (auto const bytes = bytes_of(value); value.array() && !value.array()->empty() && bytes.ok())
        return to_hex(*bytes);
    if (!value.object())
        return value;
    json::Object changed;
    for (auto const& [name, member] : *value.object())
        changed.add(name, with_hex_instead_of_lists(member));
    return changed;
}

json::Object with_keys(json::Value participant)
{
    return { { "near_signer_public_key", account_key }, { "near_p2p_public_key", tls_key },
        { "near_responder_public_keys", json::Array() }, { "tee_participant_info", std::move(participant) } };
}

std::string refusal(json::Object const& object)
{
    auto const data = PublicData::parse(json::write(object));
    return data.ok() ? "" : data.error().message();
}

TEST(PublicData, OfAGenuineNodeHasEverything)
{
    NEED_REFERENCE_VECTORS();
    auto const text = test::reference_vector("near-mpc/public_data.json");
    auto const data = PublicData::parse(text).value();
    EXPECT_EQ(data.info.event_log.size(), 29U);
    EXPECT_EQ(data.quote.version, 4);
    EXPECT_EQ(data.quote.td.report_data, report_data_of(data.keys));

    // The same with every list of bytes as hex: the other encoding in use.
    auto const object = json::read_object(text).value();
    auto const hex = json::write(with_hex_instead_of_lists(object));
    EXPECT_LT(hex.size(), text.size());
    EXPECT_EQ(PublicData::parse(hex)->quote.signed_bytes, data.quote.signed_bytes);
}

TEST(PublicData, NamesANodeWithoutAnAttestation)
{
    EXPECT_EQ(refusal(with_keys(json::Value())),
        "public data: tee_participant_info is null: the node has no attestation");
    EXPECT_EQ(refusal(with_keys(json::Object { { "Mock", "Valid" } })),
        "public data: tee_participant_info is a mock: the node runs without a TEE");
    EXPECT_NE(refusal(with_keys(json::Object { { "Other", 1 } })), "");
    EXPECT_NE(refusal(with_keys("Dstack")), "");
    EXPECT_NE(refusal({}), "");
}

TEST(PublicData, NamesTheMemberThatIsWrong)
{
    json::Object const dstack { { "quote", "zz" }, { "collateral", json::Object() }, { "tcb_info", json::Object() } };
    EXPECT_TRUE(refusal(with_keys(json::Object { { "Dstack", dstack } })).starts_with("public data: quote: "));
    json::Object const list { { "quote", json::Array { 256 } }, { "collateral", json::Object() } };
    EXPECT_EQ(refusal(with_keys(json::Object { { "Dstack", list } })),
        "public data: quote: holds something other than byte values");
}

TEST(NodeKeys, AreReadFromAnObjectWithMore)
{
    auto const text = json::write(with_keys(json::Value()));
    EXPECT_TRUE(parse_node_keys(text).ok());
    EXPECT_FALSE(parse_node_keys(R"({"near_p2p_public_key":"ed25519:1","near_signer_public_key":"ed25519:1"})").ok());
    EXPECT_FALSE(parse_node_keys("{}").ok());
}

}  // namespace
}  // namespace mpc::attestation
