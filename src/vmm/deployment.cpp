#include "vmm/deployment.h"

#include <algorithm>
#include <arpa/inet.h>
#include <limits>

#include <fmt/format.h>

#include "base/bytes.h"
#include "config/toml_values.h"
#include "vmm/messages.h"

namespace mpc::vmm {

namespace {

template <typename T>
Result<T> number_in(json::Object const& object, std::string_view name)
{
    auto const number = TRY(object.require_number(name));
    if (number == 0 || number > std::numeric_limits<T>::max())
        return Error(ErrorKind::Invalid, fmt::format("{} must be from 1 to {}", name, std::numeric_limits<T>::max()));
    return static_cast<T>(number);
}

Result<std::string> word_in(json::Object const& object, std::string_view name)
{
    auto text = TRY(object.require_text(name));
    if (text.empty())
        return Error(ErrorKind::Invalid, fmt::format("{} is empty", name));
    return text;
}

Result<std::optional<std::string>> optional_word(json::Object const& object, std::string_view name)
{
    if (!object.find(name))
        return std::optional<std::string>();
    return std::optional(TRY(word_in(object, name)));
}

Result<void> read_flag(json::Object const& object, std::string_view name, bool& flag)
{
    if (object.find(name))
        flag = TRY(object.require_bool(name));
    return ok;
}

Result<std::optional<image::ImageDigest>> optional_digest(json::Object const& object, std::string_view name)
{
    auto const text = TRY(optional_word(object, name));
    if (!text)
        return std::optional<image::ImageDigest>();
    return std::optional(TRY(image::ImageDigest::parse(*text).in(std::string(name))));
}

Result<PortForward> read_port(json::Value const& value)
{
    if (!value.object())
        return Error(ErrorKind::Invalid, "must be a table { host, vm }");
    auto const& object = *value.object();
    TRY(object.allow_only({ "host", "vm", "protocol", "address" }));
    PortForward port;
    port.host = TRY(number_in<std::uint16_t>(object, "host"));
    port.vm = TRY(number_in<std::uint16_t>(object, "vm"));
    if (auto const protocol = TRY(optional_word(object, "protocol")))
        port.protocol = TRY(protocol_named(*protocol));
    if (auto const address = TRY(optional_word(object, "address"))) {
        in_addr parsed {};
        if (inet_pton(AF_INET, address->c_str(), &parsed) != 1)
            return Error(ErrorKind::Invalid, "address must be an IPv4 address of the host");
        port.address = *address;
    }
    return port;
}

Result<DiskKey> disk_key_named(std::string_view name)
{
    if (name == "local")
        return DiskKey::Local;
    if (name == "none")
        return DiskKey::None;
    return Error(ErrorKind::Invalid, "key_provider must be local or none");
}

Result<void> read_what_is_measured(json::Object const& object, Deployment& deployment)
{
    deployment.compose = TRY(word_in(object, "compose"));
    deployment.launcher_digest = TRY(optional_digest(object, "launcher_digest"));
    deployment.image_digest = TRY(optional_digest(object, "image_digest"));
    if (auto const name = TRY(optional_word(object, "key_provider")))
        deployment.disk_key = TRY(disk_key_named(*name));
    deployment.key_provider_mrenclave = TRY(optional_word(object, "key_provider_mrenclave"));
    if (deployment.key_provider_mrenclave)
        TRY(from_hex_exactly<32>(*deployment.key_provider_mrenclave).in("key_provider_mrenclave"));
    TRY(read_flag(object, "public_logs", deployment.public_logs));
    TRY(read_flag(object, "public_sysinfo", deployment.public_sysinfo));
    TRY(read_flag(object, "no_instance_id", deployment.no_instance_id));
    TRY(read_flag(object, "secure_time", deployment.secure_time));
    return ok;
}

Result<Deployment> read(json::Object const& object)
{
    TRY(object
            .allow_only({ "name", "vmm", "context", "os_image", "vcpu", "memory_mb", "disk_gb", "ports", "compose",
                "launcher_digest", "image_digest", "user_config", "key_provider", "key_provider_mrenclave",
                "public_logs", "public_sysinfo", "no_instance_id", "secure_time" })
            .remedy("correct the name of the key, or remove it; docs/deployment-file.md lists them"));
    Deployment deployment;
    deployment.name = TRY(word_in(object, "name"));
    deployment.vmm = TRY(optional_word(object, "vmm"));
    deployment.context = TRY(optional_word(object, "context"));
    if (deployment.vmm && deployment.context)
        return Error(ErrorKind::Invalid, "has both vmm and context").remedy("keep one of the two");
    deployment.os_image = TRY(word_in(object, "os_image"));
    deployment.vcpu = TRY(number_in<std::uint32_t>(object, "vcpu"));
    deployment.memory_mb = TRY(number_in<std::uint32_t>(object, "memory_mb"));
    deployment.disk_gb = TRY(number_in<std::uint32_t>(object, "disk_gb"));
    deployment.user_config = TRY(word_in(object, "user_config"));
    TRY(read_what_is_measured(object, deployment));
    if (object.find("ports")) {
        for (auto const& port : *TRY(object.require_array("ports")))
            deployment.ports.push_back(TRY(read_port(port).in(fmt::format("ports, entry {}",
                deployment.ports.size() + 1))));
    }
    return deployment;
}

}  // namespace

Result<Deployment> parse_deployment(std::string_view toml)
{
    return read(TRY(config::read_toml_values(toml).in("deployment")))
        .in("deployment")
        .remedy("mend the file; docs/deployment-file.md describes each key");
}

std::optional<std::string> version_in(std::string_view os_image)
{
    auto const dash = os_image.rfind('-');
    auto const version = dash == std::string_view::npos ? std::string_view() : os_image.substr(dash + 1);
    bool const is_version = std::ranges::count(version, '.') == 2
        && std::ranges::all_of(version, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
    return is_version ? std::optional(std::string(version)) : std::nullopt;
}

}  // namespace mpc::vmm
