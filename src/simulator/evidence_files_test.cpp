#include "simulator/evidence_files.h"

#include <gmock/gmock.h>

#include "support/reference_vectors.h"

namespace mpc::simulator {
namespace {

using attestation::NearKey;
using testing::ElementsAre;

constexpr crypto::Time now(std::chrono::seconds(1786622400));

std::vector<std::string> names_of(std::vector<EvidenceFile> const& files)
{
    std::vector<std::string> names;
    for (auto const& file : files)
        names.push_back(file.name);
    return names;
}

TEST(EvidenceFiles, OfANodesQuoteHaveItsKeys)
{
    auto const files = evidence_files(AttestedNode::create(Seed(1), now).value().exhibit().value());
    EXPECT_THAT(names_of(files),
        ElementsAre("quote.bin", "collateral.json", "tcb_info.json", "app_compose.json", "root.pem", "node_keys.json"));
}

TEST(EvidenceFiles, OfALaunchersQuoteHaveTheReceipt)
{
    auto node = AttestedNode::create(Seed(1), now).value();
    node.receipt = "{}";
    auto const files = evidence_files(node.exhibit().value());
    EXPECT_FALSE(public_data_file(node.exhibit().value()));
    EXPECT_THAT(names_of(files),
        ElementsAre("quote.bin", "collateral.json", "tcb_info.json", "app_compose.json", "root.pem", "receipt.json"));
    EXPECT_EQ(files.back().content, "{}");
}

/// Members in their order, with those of members that are objects.
std::vector<std::string> members(json::Object const& object, std::string const& prefix = "")
{
    std::vector<std::string> names;
    for (auto const& [name, value] : object) {
        names.push_back(prefix + name);
        if (value.object()) {
            for (auto const& inner : members(*value.object(), prefix + name + "."))
                names.push_back(inner);
        }
    }
    return names;
}

TEST(EvidenceFiles, HavePublicDataInTheFormThatNodesServe)
{
    NEED_REFERENCE_VECTORS();
    auto const file = public_data_file(AttestedNode::create(Seed(1), now).value().exhibit().value());
    auto const genuine = json::read_object(test::reference_vector("near-mpc/public_data.json")).value();
    EXPECT_EQ(members(json::read_object(file->content).value()), members(genuine));
}

TEST(NearKeyText, IsWhatTheParserReads)
{
    for (int number = 0; number < 50; ++number) {
        NearKey const key { Seed(1).bytes32(std::to_string(number)) };
        EXPECT_EQ(NearKey::parse(text_of(key)).value().bytes, key.bytes);
    }
}

TEST(NearKeyText, KeepsLeadingZeros)
{
    EXPECT_EQ(text_of(NearKey {}), "ed25519:" + std::string(32, '1'));
    NearKey key;
    key.bytes[31] = 57;
    EXPECT_EQ(text_of(key), "ed25519:" + std::string(31, '1') + "z");
    EXPECT_EQ(NearKey::parse(text_of(key)).value().bytes, key.bytes);
}

TEST(NearKeyText, IsThePublishedOneOfAGenuineKey)
{
    constexpr auto text = "ed25519:J992NeWhuaJXeUVJcDCVwfS5j1G26B5aJDUZ8iuBCYdc";
    EXPECT_EQ(text_of(NearKey::parse(text).value()), text);
}

}  // namespace
}  // namespace mpc::simulator
