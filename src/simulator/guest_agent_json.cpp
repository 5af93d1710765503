#include "simulator/guest_agent_json.h"

namespace mpc::simulator {

namespace {

json::Value event_json(evidence::Event const& event, LogForm form)
{
    bool const is_runtime = event.imr == 3;
    bool const stripped = form == LogForm::Stripped;
    bool const has_digest = event.digest && !(stripped && is_runtime);
    return json::Object {
        { "imr", event.imr },
        { "event_type", event.type },
        { "digest", has_digest ? to_hex(*event.digest) : "" },
        { "event", event.name },
        { "event_payload", stripped && !is_runtime ? "" : to_hex(event.payload) },
    };
}

}  // namespace

json::Array event_log_json(evidence::EventLog const& log, LogForm form)
{
    json::Array events;
    for (auto const& event : log)
        events.push_back(event_json(event, form));
    return events;
}

std::string event_log_text(evidence::EventLog const& log, Dialect const& dialect)
{
    return json::write(event_log_json(log, dialect.strips_the_log ? LogForm::Stripped : LogForm::Whole));
}

std::string tcb_info_text(MeasuredVm const& vm)
{
    auto const& identity = vm.identity();
    json::Object info { { "mrtd", to_hex(identity.mrtd) } };
    for (std::size_t i = 0; i < vm.rtmrs().size(); ++i)
        info.add("rtmr" + std::to_string(i), vm.rtmrs()[i].hex());
    info.add("mr_aggregated", to_hex(mr_aggregated(vm)));
    info.add("os_image_hash", to_hex(identity.os_image_hash));
    info.add("compose_hash", to_hex(identity.compose_hash));
    info.add("device_id", device_id());
    info.add("app_compose", identity.app_compose);
    info.add("event_log", event_log_json(vm.log(), LogForm::Whole));
    return json::write_pretty(info);
}

Sha256 mr_aggregated(MeasuredVm const& vm)
{
    auto const& rtmrs = vm.rtmrs();
    std::array<std::uint8_t, 48> const no_owner {};
    // MR_CONFIG_ID is not zero here, so it counts, and the owner and its configuration with it.
    return sha256({ vm.identity().mrtd, rtmrs[0].value(), rtmrs[1].value(), rtmrs[2].value(), rtmrs[3].value(),
        vm.identity().mr_config_id(), no_owner, no_owner });
}

std::string device_id() { return to_hex(sha256({})); }

}  // namespace mpc::simulator
