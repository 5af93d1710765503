#include "attestation/dstack_info.h"

#include <gtest/gtest.h>

namespace mpc::attestation {
namespace {

json::Object info_with(json::Array log)
{
    json::Object object { { "mrtd", std::string(96, '1') }, { "compose_hash", std::string(64, '2') },
        { "app_compose", "{}" }, { "event_log", std::move(log) } };
    for (auto const* name : { "rtmr0", "rtmr1", "rtmr2", "rtmr3" })
        object.add(name, std::string(96, name[4]));
    return object;
}

json::Value key_provider()
{
    return json::Object { { "imr", 3 }, { "event_type", 134217729 }, { "digest", "" }, { "event", "key-provider" },
        { "event_payload", "7b7d" } };
}

TEST(DstackInfo, ReadsWhatTheGuestClaims)
{
    auto const info = DstackInfo::parse(info_with({ key_provider() })).value();
    EXPECT_EQ(to_hex(info.claimed.mrtd), std::string(96, '1'));
    EXPECT_EQ(to_hex(info.claimed.rtmrs[2]), std::string(96, '2'));
    EXPECT_EQ(to_hex(info.claimed.compose_hash), std::string(64, '2'));
    EXPECT_EQ(info.event_log.size(), 1U);
    EXPECT_EQ(info.app_compose, "{}");
}

TEST(DstackInfo, NeedsEveryRegister)
{
    auto const text = json::write(info_with({}));
    for (std::string const name : { "mrtd", "rtmr0", "rtmr3", "compose_hash", "app_compose", "event_log" }) {
        auto changed = text;
        changed.replace(changed.find("\"" + name + "\""), name.size() + 2, "\"x\"");
        EXPECT_FALSE(DstackInfo::parse(changed).ok()) << name;
    }
}

TEST(MeasurementSet, HasTheDigestOfTheKeyProviderEvent)
{
    auto const set = measurement_set_of(DstackInfo::parse(info_with({ key_provider() })).value(), "dev").value();
    EXPECT_EQ(set.name, "dev");
    EXPECT_EQ(set.key_provider_digest, evidence::runtime_event_digest("key-provider", Bytes { 0x7b, 0x7d }));
}

TEST(MeasurementSet, NeedsExactlyOneKeyProviderEvent)
{
    EXPECT_FALSE(measurement_set_of(DstackInfo::parse(info_with({})).value(), "none").ok());
    EXPECT_FALSE(
        measurement_set_of(DstackInfo::parse(info_with({ key_provider(), key_provider() })).value(), "two").ok());
}

}  // namespace
}  // namespace mpc::attestation
