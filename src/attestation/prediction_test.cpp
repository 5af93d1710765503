#include "attestation/prediction.h"

#include <gtest/gtest.h>

#include "attestation/dstack_info.h"
#include "simulator/attested_node.h"
#include "support/reference_vectors.h"
#include "support/verification.h"

namespace mpc::attestation {
namespace {

using simulator::Seed;

constexpr auto key_provider = R"({"name":"local-sgx","id":"ab"})";

Deployment deployment()
{
    return { .app_compose = simulator::default_app_compose(),
        .dstack_version = "0.5.8",
        .key_provider = key_provider,
        .instance_id = {},
        .image_digest = image::ImageDigest({ 1, 2, 3 }) };
}

std::string names_of(evidence::EventLog const& log)
{
    std::string names;
    for (auto const& event : log)
        names += event.name + " ";
    return names;
}

std::string refusal(Deployment const& wrong)
{
    auto const prediction = predict(wrong);
    return prediction.ok() ? "" : prediction.error().message();
}

TEST(Prediction, IsWhatAGenuineNodeMeasured)
{
    NEED_REFERENCE_VECTORS();
    auto const info = DstackInfo::parse(test::reference_vector("near-mpc/tcb_info.json")).value();
    auto const payload = evidence::payloads_of(info.event_log, "key-provider").front();
    auto const predicted = predict({ .app_compose = info.app_compose,
                                       .dstack_version = "0.5.8",
                                       .key_provider = std::string(as_text(payload)),
                                       .instance_id = {},
                                       .image_digest = image::ImageDigest::parse("sha256:"
                                           + test::reference_vector("near-mpc/mpc_image_digest.txt"))
                                           .value() })
                               .value();
    EXPECT_EQ(predicted.rtmr3.hex(), to_hex(info.claimed.rtmrs[3]));
    EXPECT_EQ(predicted.compose_hash, info.claimed.compose_hash);
    EXPECT_EQ(predicted.broken_rule, std::nullopt);
    EXPECT_EQ(to_hex(*predicted.launcher_compose_hash),
        to_hex(sha256({ as_bytes(test::reference_vector("near-mpc/launcher_image_compose.yaml")) })));
}

TEST(Prediction, IsWhatTheSimulatedNodeMeasures)
{
    auto const node = simulator::AttestedNode::create(Seed(1), crypto::Time(std::chrono::days(20000))).value();
    auto built = node.build().value();
    auto const& log = *built.evidence.event_log;
    image::ImageDigest const digest([&] {
        std::array<std::uint8_t, 32> bytes {};
        std::ranges::copy(evidence::payloads_of(log, "mpc-image-digest").front(), bytes.begin());
        return bytes;
    }());
    auto const payload = evidence::payloads_of(log, "key-provider").front();
    auto const predicted = predict({ .app_compose = node.app_compose,
                                       .dstack_version = "0.5.8",
                                       .key_provider = std::string(as_text(payload)),
                                       .instance_id = {},
                                       .image_digest = digest })
                               .value();
    EXPECT_EQ(predicted.rtmr3, built.evidence.quote.td.rtmrs[3]);
    EXPECT_EQ(predicted.mr_config_id, built.evidence.quote.td.mr_config_id);
    built.evidence.predicted = predicted.events;
    EXPECT_EQ(test::failed_checks(built.verify()), "");
}

TEST(Prediction, HasTheEventsOfTheVersion)
{
    auto wanted = deployment();
    EXPECT_EQ(names_of(predict(wanted)->events),
        "system-preparing app-id compose-hash instance-id boot-mr-done key-provider storage-fs system-ready "
        "mpc-image-digest ");
    wanted.dstack_version = "0.5.4";
    EXPECT_EQ(names_of(predict(wanted)->events),
        "system-preparing app-id compose-hash instance-id boot-mr-done key-provider system-ready mpc-image-digest ");
    wanted.dstack_version = "0.6.0";
    EXPECT_EQ(names_of(predict(wanted)->events),
        "system-preparing app-id compose-hash gpu-policy-hash instance-id boot-mr-done key-provider storage-fs "
        "system-ready mpc-image-digest ");
}

TEST(Prediction, RefusesVersionsThatItDoesNotKnow)
{
    for (auto const* version : { "", "0.5", "0.5.", "0.4.2", "0.7.0", "1.5.8", "0.5.8x", "0.x.8", "dstack-0.5.8" }) {
        auto wrong = deployment();
        wrong.dstack_version = version;
        EXPECT_NE(refusal(wrong), "") << version;
    }
}

TEST(Prediction, NeedsTheInstanceIdExactlyWhenThereIsOne)
{
    auto wanted = deployment();
    wanted.instance_id = Bytes(20, 1);
    EXPECT_EQ(refusal(wanted), "an instance id was given, but the app-compose says no_instance_id");
    auto const at = wanted.app_compose.find("\"no_instance_id\": true");
    wanted.app_compose.replace(at, 22, "\"no_instance_id\": false");
    EXPECT_EQ(refusal(wanted), "");
    EXPECT_EQ(predict(wanted)->events[3].payload, Bytes(20, 1));
    EXPECT_NE(predict(wanted)->broken_rule, std::nullopt);
    wanted.instance_id = Bytes(19, 1);
    EXPECT_NE(refusal(wanted), "");
    wanted.instance_id.reset();
    EXPECT_NE(refusal(wanted), "");
}

TEST(Prediction, RefusesAKeyProviderThatCannotBe)
{
    for (auto const* payload : { "", "ab", "{}", R"({"name":"local-sgx"})", R"({"name":"x","id":"","more":1})" }) {
        auto wrong = deployment();
        wrong.key_provider = payload;
        EXPECT_NE(refusal(wrong), "") << payload;
    }
    auto wrong = deployment();
    auto const at = wrong.app_compose.find("\"local_key_provider_enabled\": true");
    wrong.app_compose.replace(at, 34, "\"local_key_provider_enabled\": false");
    EXPECT_EQ(refusal(wrong), "the key provider is local-sgx, which the app-compose does not enable");
}

TEST(Prediction, RefusesEventsThatItCannotKnow)
{
    auto wrong = deployment();
    wrong.app_compose.replace(wrong.app_compose.find("\"kms_enabled\": false"), 20, "\"kms_enabled\": true");
    EXPECT_NE(refusal(wrong), "");
    wrong = deployment();
    wrong.app_compose.insert(1, R"("init_script":"x",)");
    EXPECT_NE(refusal(wrong), "");
    wrong.app_compose = "[]";
    EXPECT_NE(refusal(wrong), "");
}

}  // namespace
}  // namespace mpc::attestation
