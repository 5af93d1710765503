#include "simulator/vm_configuration.h"

#include <algorithm>
#include <arpa/inet.h>

#include <fmt/format.h>

#include "simulator/measured_vm.h"

namespace mpc::simulator {

namespace {

json::Value const* present(json::Object const& message, std::string_view name)
{
    auto const* const value = message.find(name);
    return value && !value->is_null() ? value : nullptr;
}

Result<std::uint16_t> port_member(json::Object const& message, std::string_view name)
{
    auto const number = TRY(number_member(message, name));
    if (number == 0 || number > UINT16_MAX)
        return Error(ErrorKind::Invalid, fmt::format("{} is not a port", name));
    return static_cast<std::uint16_t>(number);
}

bool is_address(std::string const& text)
{
    in6_addr address {};
    return inet_pton(AF_INET, text.c_str(), &address) == 1 || inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

Result<VmPort> port_of(json::Object const& message)
{
    VmPort port;
    port.protocol = TRY(text_member(message, "protocol"));
    if (port.protocol != "tcp" && port.protocol != "udp")
        return Error(ErrorKind::Invalid, "Invalid protocol");
    port.host_port = TRY(port_member(message, "host_port"));
    port.vm_port = TRY(port_member(message, "vm_port"));
    port.host_address = TRY(text_member(message, "host_address"));
    if (port.host_address.empty())
        port.host_address = "127.0.0.1";
    if (!is_address(port.host_address))
        return Error(ErrorKind::Invalid, "Invalid host address");
    return port;
}

Result<json::Value> networking_of(json::Object const& message)
{
    auto const* const networking = present(message, "networking");
    if (!networking)
        return json::Value();
    auto const mode = TRY(TRY(message.require_object("networking"))->require_text("mode").in("networking"));
    if (mode != "user" && mode != "bridge" && mode != "passt" && mode != "custom")
        return Error(ErrorKind::Invalid, "Invalid networking mode");
    return *networking;
}

}  // namespace

Result<std::string> text_member(json::Object const& message, std::string_view name)
{
    return present(message, name) ? message.require_text(name) : Result<std::string>(std::string());
}

Result<std::uint32_t> number_member(json::Object const& message, std::string_view name)
{
    auto const number = present(message, name) ? TRY(message.require_number(name)) : 0;
    if (number > UINT32_MAX)
        return Error(ErrorKind::Invalid, fmt::format("{} is too large", name));
    return static_cast<std::uint32_t>(number);
}

Result<bool> bool_member(json::Object const& message, std::string_view name)
{
    return present(message, name) ? message.require_bool(name) : Result<bool>(false);
}

Result<json::Array> array_member(json::Object const& message, std::string_view name)
{
    return present(message, name) ? *TRY(message.require_array(name)) : json::Array();
}

Result<std::vector<VmPort>> ports_member(json::Object const& message)
{
    std::vector<VmPort> ports;
    for (auto const& port : TRY(array_member(message, "ports"))) {
        if (!port.object())
            return Error(ErrorKind::Invalid, "ports: an entry is not an object");
        ports.push_back(TRY(port_of(*port.object()).in("ports")));
    }
    return ports;
}

Result<void> check_gpus(json::Object const& message)
{
    if (!present(message, "gpus"))
        return ok;
    auto const* const gpus = TRY(message.require_object("gpus"));
    auto const mode = TRY(text_member(*gpus, "attach_mode"));
    if (mode == "all" || !TRY(array_member(*gpus, "gpus")).empty())
        return Error(ErrorKind::Refused, "GPU is not enabled");
    if (!mode.empty() && mode != "listed")
        return Error(ErrorKind::Invalid, "Invalid attach_mode");
    return ok;
}

Result<void> check_compose(std::string const& compose_file)
{
    auto const compose = TRY(json::read_object(compose_file).in("Invalid compose file"));
    TRY(compose.require_text("name").in("Invalid compose file"));
    if (TRY(compose.require_text("runner").in("Invalid compose file")) != "docker-compose")
        return Error(ErrorKind::Invalid, "Invalid compose file: only the runner docker-compose is simulated");
    TRY(compose.require_text("docker_compose_file").in("Invalid compose file"));
    TRY(VmIdentity::from(compose_file, Seed(0)).in("Invalid compose file"));
    return ok;
}

Result<void> check_vm_name(std::string const& name)
{
    constexpr std::string_view others = "-_. @~!$^()";
    auto const allowed = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
            || others.find(c) != std::string_view::npos;
    };
    if (name.empty() || !std::ranges::all_of(name, allowed))
        return Error(ErrorKind::Invalid, "Invalid name");
    return ok;
}

Result<VmConfiguration> VmConfiguration::from(json::Object const& message)
{
    VmConfiguration configuration;
    configuration.name = TRY(text_member(message, "name"));
    configuration.image = TRY(text_member(message, "image"));
    configuration.compose_file = TRY(text_member(message, "compose_file"));
    configuration.vcpu = TRY(number_member(message, "vcpu"));
    configuration.memory = TRY(number_member(message, "memory"));
    configuration.disk_size = TRY(number_member(message, "disk_size"));
    configuration.ports = TRY(ports_member(message));
    configuration.encrypted_env = TRY(text_member(message, "encrypted_env"));
    configuration.user_config = TRY(text_member(message, "user_config"));
    configuration.app_id = TRY(text_member(message, "app_id"));
    if (configuration.app_id.starts_with("0x"))
        configuration.app_id.erase(0, 2);
    if (!configuration.app_id.empty())
        configuration.app_id = to_hex(TRY(from_hex_exactly<20>(configuration.app_id).in("app_id")));
    configuration.kms_urls = TRY(array_member(message, "kms_urls"));
    configuration.gateway_urls = TRY(array_member(message, "gateway_urls"));
    configuration.hugepages = TRY(bool_member(message, "hugepages"));
    configuration.pin_numa = TRY(bool_member(message, "pin_numa"));
    configuration.stopped = TRY(bool_member(message, "stopped"));
    configuration.no_tee = TRY(bool_member(message, "no_tee"));
    configuration.networking = TRY(networking_of(message));
    TRY(check_gpus(message));
    return configuration;
}

json::Object VmConfiguration::to_json() const
{
    json::Array port_list;
    for (auto const& port : ports)
        port_list.emplace_back(json::Object {
            { "protocol", port.protocol },
            { "host_port", port.host_port },
            { "vm_port", port.vm_port },
            { "host_address", port.host_address },
        });
    return {
        { "name", name },
        { "image", image },
        { "compose_file", compose_file },
        { "vcpu", vcpu },
        { "memory", memory },
        { "disk_size", disk_size },
        { "ports", std::move(port_list) },
        { "encrypted_env", encrypted_env },
        { "app_id", app_id },
        { "user_config", user_config },
        { "hugepages", hugepages },
        { "pin_numa", pin_numa },
        { "gpus", json::Object { { "attach_mode", "listed" }, { "gpus", json::Array() } } },
        { "kms_urls", kms_urls },
        { "gateway_urls", gateway_urls },
        { "stopped", stopped },
        { "no_tee", no_tee },
        { "networking", networking },
    };
}

}  // namespace mpc::simulator
