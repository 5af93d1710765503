#include "attestation/dstack_info.h"

namespace mpc::attestation {

namespace {

constexpr json::Limits limits { .bytes = 16 << 20, .depth = 32 };

template <std::size_t N>
Result<std::array<std::uint8_t, N>> hex(json::Object const& object, std::string const& name)
{
    return from_hex_exactly<N>(TRY(object.require_text(name))).in(name);
}

Result<DstackInfo> read(json::Object const& object)
{
    DstackInfo info;
    info.claimed.mrtd = TRY(hex<48>(object, "mrtd"));
    for (std::size_t i = 0; i < info.claimed.rtmrs.size(); ++i)
        info.claimed.rtmrs[i] = TRY(hex<48>(object, "rtmr" + std::to_string(i)));
    info.claimed.compose_hash = TRY(hex<32>(object, "compose_hash"));
    info.event_log = TRY(evidence::parse_event_log(*TRY(object.require_array("event_log"))));
    info.app_compose = TRY(object.require_text("app_compose"));
    return info;
}

}  // namespace

Result<DstackInfo> DstackInfo::parse(std::string_view text)
{
    return parse(TRY(json::read_object(text, limits).in("tcb_info")));
}

Result<DstackInfo> DstackInfo::parse(json::Object const& object) { return read(object).in("tcb_info"); }

Result<MeasurementSet> measurement_set_of(DstackInfo const& info, std::string name)
{
    auto const providers = evidence::payloads_of(info.event_log, "key-provider");
    if (providers.size() != 1)
        return Error(ErrorKind::Invalid,
            "tcb_info: " + std::to_string(providers.size()) + " key-provider events instead of one");
    auto const& claimed = info.claimed;
    return MeasurementSet { std::move(name), claimed.mrtd, claimed.rtmrs[0], claimed.rtmrs[1], claimed.rtmrs[2],
        evidence::runtime_event_digest("key-provider", providers.front()) };
}

}  // namespace mpc::attestation
