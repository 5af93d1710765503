#include "vmm/messages.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace mpc::vmm {

namespace {

constexpr std::size_t most_events = 1000;

/// Text that may be absent or null, as proto3's empty text is in some versions.
Result<std::string> text_or_empty(json::Object const& object, std::string_view name)
{
    auto const* const value = object.find(name);
    if (!value || value->is_null())
        return std::string();
    return object.require_text(name);
}

template <typename T>
Result<T> whole_number(json::Object const& object, std::string_view name)
{
    auto const number = TRY(object.require_number(name));
    if (number > std::numeric_limits<T>::max())
        return Error(ErrorKind::Invalid, fmt::format("\"{}\" is too large", name));
    return static_cast<T>(number);
}

json::Array ports_json(std::vector<PortForward> const& ports)
{
    json::Array array;
    for (auto const& port : ports)
        array.emplace_back(json::Object { { "protocol", name_of(port.protocol) }, { "host_address", port.address },
            { "host_port", port.host }, { "vm_port", port.vm } });
    return array;
}

Result<PortForward> parse_port(json::Value const& value)
{
    if (!value.object())
        return Error(ErrorKind::Invalid, "a port is no object");
    auto const& object = *value.object();
    PortForward port;
    port.protocol = TRY(protocol_named(TRY(object.require_text("protocol"))));
    port.host = TRY(whole_number<std::uint16_t>(object, "host_port"));
    port.vm = TRY(whole_number<std::uint16_t>(object, "vm_port"));
    if (auto address = TRY(text_or_empty(object, "host_address")); !address.empty())
        port.address = std::move(address);
    return port;
}

Result<Configuration> parse_configuration(json::Object const& object)
{
    Configuration configuration;
    configuration.name = TRY(object.require_text("name"));
    configuration.image = TRY(object.require_text("image"));
    configuration.compose_file = TRY(object.require_text("compose_file"));
    configuration.vcpu = TRY(whole_number<std::uint32_t>(object, "vcpu"));
    configuration.memory_mb = TRY(whole_number<std::uint32_t>(object, "memory"));
    configuration.disk_gb = TRY(whole_number<std::uint32_t>(object, "disk_size"));
    configuration.user_config = Secret(TRY(text_or_empty(object, "user_config")));
    if (object.find("ports")) {
        for (auto const& port : *TRY(object.require_array("ports")))
            configuration.ports.push_back(TRY(parse_port(port).in("ports")));
    }
    return configuration;
}

Result<Status> parse_status(std::string_view text)
{
    for (auto const status : { Status::Running, Status::Exited, Status::Stopping, Status::Stopped, Status::Removing })
        if (text == name_of(status))
            return status;
    return Error(ErrorKind::Invalid, "\"status\" is none that a VM of dstack has");
}

Result<Event> parse_event(json::Value const& value)
{
    if (!value.object())
        return Error(ErrorKind::Invalid, "an event is no object");
    Event event;
    event.name = TRY(value.object()->require_text("event"));
    event.body = TRY(text_or_empty(*value.object(), "body"));
    if (value.object()->find("timestamp"))
        event.milliseconds = TRY(value.object()->require_number("timestamp"));
    return event;
}

/// VM ids go into URLs and tables; the VMM makes UUIDs.
bool looks_like_an_id(std::string_view text)
{
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
}

Result<std::vector<Event>> parse_events(json::Object const& object)
{
    std::vector<Event> events;
    if (!object.find("events"))
        return events;
    for (auto const& event : *TRY(object.require_array("events"))) {
        if (events.size() == most_events)
            return Error(ErrorKind::Invalid, "more events than a VMM keeps");
        events.push_back(TRY(parse_event(event).in("events")));
    }
    return events;
}

}  // namespace

char const* name_of(Protocol protocol)
{
    switch (protocol) {
    case Protocol::Tcp: return "tcp";
    case Protocol::Udp: return "udp";
    }
    return "?";
}

char const* name_of(Status status)
{
    switch (status) {
    case Status::Running: return "running";
    case Status::Exited: return "exited";
    case Status::Stopping: return "stopping";
    case Status::Stopped: return "stopped";
    case Status::Removing: return "removing";
    }
    return "?";
}

std::string to_text(PortForward const& port)
{
    return fmt::format("{}:{}:{}:{}", name_of(port.protocol), port.address, port.host, port.vm);
}

Result<Protocol> protocol_named(std::string_view name)
{
    for (auto const protocol : { Protocol::Tcp, Protocol::Udp })
        if (name == name_of(protocol))
            return protocol;
    return Error(ErrorKind::Invalid, "protocol must be tcp or udp");
}

json::Object to_json(Configuration const& configuration)
{
    return { { "name", configuration.name }, { "image", configuration.image },
        { "compose_file", configuration.compose_file }, { "vcpu", configuration.vcpu },
        { "memory", configuration.memory_mb }, { "disk_size", configuration.disk_gb },
        { "ports", ports_json(configuration.ports) }, { "user_config", configuration.user_config.reveal() },
        { "stopped", true } };
}

json::Object to_json(std::string_view id, Update const& update)
{
    json::Object body { { "id", id } };
    if (update.compose_file)
        body.add_new("compose_file", *update.compose_file);
    if (update.user_config)
        body.add_new("user_config", update.user_config->reveal());
    if (update.ports) {
        body.add_new("update_ports", true);
        body.add_new("ports", ports_json(*update.ports));
    }
    auto const add = [&body](char const* name, auto const& value) {
        if (value)
            body.add_new(name, *value);
    };
    add("vcpu", update.vcpu);
    add("memory", update.memory_mb);
    add("disk_size", update.disk_gb);
    add("image", update.image);
    return body;
}

Result<VmInfo> parse_vm(json::Object const& object)
{
    VmInfo vm;
    vm.id = TRY(object.require_text("id"));
    if (!looks_like_an_id(vm.id))
        return Error(ErrorKind::Invalid, "\"id\" is not the id of a VM");
    vm.name = TRY(object.require_text("name"));
    vm.status = TRY(parse_status(TRY(object.require_text("status"))));
    vm.uptime = TRY(text_or_empty(object, "uptime"));
    vm.app_id = TRY(text_or_empty(object, "app_id"));
    vm.instance_id = TRY(text_or_empty(object, "instance_id"));
    vm.exited_at = TRY(text_or_empty(object, "exited_at"));
    vm.boot_progress = TRY(text_or_empty(object, "boot_progress"));
    vm.boot_error = TRY(text_or_empty(object, "boot_error"));
    vm.shutdown_progress = TRY(text_or_empty(object, "shutdown_progress"));
    vm.image_version = TRY(text_or_empty(object, "image_version"));
    vm.events = TRY(parse_events(object));
    if (auto const* configuration = object.find("configuration"); configuration && !configuration->is_null())
        vm.configuration = TRY(parse_configuration(*TRY(object.require_object("configuration"))).in("configuration"));
    return vm;
}

}  // namespace mpc::vmm
