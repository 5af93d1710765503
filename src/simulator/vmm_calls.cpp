// What the VMM's calls do.
#include "simulator/vmm.h"

#include <algorithm>
#include <sys/random.h>

#include <fmt/format.h>

#include "base/log.h"
#include "hash/hash.h"

namespace mpc::simulator {

namespace fs = std::filesystem;

namespace {

/// A version 4 UUID (RFC 9562), which is also the name of the VM's directory.
std::string make_id()
{
    std::array<std::uint8_t, 16> bytes {};
    static_cast<void>(getrandom(bytes.data(), bytes.size(), 0) == 0);
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    auto text = to_hex(bytes);
    for (auto const at : { 20U, 16U, 12U, 8U })
        text.insert(at, "-");
    return text;
}

std::string app_id_of(std::string const& compose) { return to_hex(sha256({ as_bytes(compose) })).substr(0, 40); }

json::Object id_message(std::string id) { return { { "id", std::move(id) } }; }

bool is_absent(json::Object const& message, std::string_view name)
{
    auto const* const value = message.find(name);
    return !value || value->is_null();
}

json::Object meta()
{
    return {
        { "kms", json::Object { { "url", "" }, { "urls", json::Array() } } },
        { "gateway",
            json::Object { { "url", "" }, { "base_domain", "" }, { "port", 0 }, { "agent_port", 8090 },
                { "urls", json::Array() } } },
        { "resources",
            json::Object { { "max_cvm_number", 100 }, { "max_allocable_vcpu", 1024 },
                { "max_allocable_memory_in_mb", 4194304 } } },
        { "networking", json::Value() },
    };
}

std::uint64_t milliseconds_now()
{
    auto const since = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

/// dstack-vmm calls the guest's agent for it, which must be there.
Result<void> ask_to_end(VirtualMachine& machine)
{
    if (!machine.guest_answers())
        return Error(ErrorKind::Refused, "Failed to connect to the guest agent");
    machine.shut_down();
    return ok;
}

/// Pages count from 1; without a size there is one page with everything.
Result<json::Array> page_of(json::Array const& all, json::Object const& message)
{
    auto const size = std::size_t { TRY(number_member(message, "page_size")) };
    auto const page = std::size_t { std::max(TRY(number_member(message, "page")), 1U) };
    if (size == 0)
        return all;
    auto const first = std::min(all.size(), (page - 1) * size);
    auto const last = std::min(all.size(), first + size);
    auto const at = [&](std::size_t index) { return all.begin() + static_cast<std::ptrdiff_t>(index); };
    return json::Array(at(first), at(last));
}

}  // namespace

std::vector<std::string_view> const& vmm_methods()
{
    static std::vector<std::string_view> const all { "CreateVm", "StartVm", "StopVm", "ShutdownVm", "RemoveVm",
        "UpdateVm", "UpgradeApp", "ResizeVm", "Status", "GetInfo", "ListImages", "GetComposeHash", "GetMeta", "Version",
        "ListGpus", "ReloadVms", "GetAppEnvEncryptPubKey" };
    return all;
}

Result<json::Value> Vmm::call(std::string_view method, json::Object const& message, Faults const& faults)
{
    if (method == "CreateVm")
        return create_vm(message);
    if (method == "UpdateVm" || method == "UpgradeApp")
        return update_vm(message);
    if (method == "RemoveVm")
        return remove_vm(message);
    if (method == "Status")
        return status(message, faults);
    if (method == "GetInfo")
        return get_info(message);
    if (method == "ListImages")
        return images();
    if (method == "Version")
        return json::Object { { "version", m_options.setting.version }, { "rev", "simulated" } };
    if (method == "GetMeta")
        return meta();
    if (method == "ListGpus")
        return json::Object { { "gpus", json::Array() }, { "allow_attach_all", false } };
    if (method == "ReloadVms")
        return json::Object { { "loaded", 0 }, { "updated", 0 }, { "removed", 0 } };
    if (method == "GetComposeHash") {
        auto const compose = TRY(text_member(message, "compose_file"));
        return json::Object { { "hash", to_hex(sha256({ as_bytes(compose) })) } };
    }
    if (method == "GetAppEnvEncryptPubKey")
        return Error(ErrorKind::Refused, "KMS is not enabled");
    if (method == "ResizeVm") {
        auto* const machine = TRY(named_in(message));
        TRY(change_resources(*machine, message));
        TRY(machine->store());
        return json::Value();
    }
    if (method != "StartVm" && method != "StopVm" && method != "ShutdownVm")
        return Error(ErrorKind::Refused, fmt::format("Method not found: {}", printable(method, 60)));
    auto* const machine = TRY(named_in(message));
    if (method == "StopVm")
        machine->stop();
    else if (method == "ShutdownVm")
        TRY(ask_to_end(*machine));
    else
        TRY(machine->start());
    return json::Value();
}

Result<void> Vmm::check_image(std::string const& name) const
{
    if (std::ranges::find(m_options.os_images, name) == m_options.os_images.end())
        return Error(ErrorKind::NotFound, fmt::format("Failed to load image: no image \"{}\"", printable(name, 60)));
    return ok;
}

Result<void> Vmm::check_ports(std::vector<VmPort> const& ports, std::string_view own_id) const
{
    for (auto const& port : ports) {
        for (auto const& [id, machine] : m_machines) {
            auto const is_same = [&](VmPort const& other) {
                return other.host_port == port.host_port && other.protocol == port.protocol;
            };
            if (id != own_id && std::ranges::any_of(machine->configuration().ports, is_same))
                return Error(ErrorKind::Refused,
                    fmt::format("Port {} is already in use by VM {}", port.host_port, machine->configuration().name));
        }
    }
    return ok;
}

Result<json::Value> Vmm::create_vm(json::Object const& message)
{
    auto configuration = TRY(VmConfiguration::from(message));
    TRY(check_vm_name(configuration.name));
    TRY(check_image(configuration.image));
    TRY(check_compose(configuration.compose_file));
    TRY(check_ports(configuration.ports, ""));
    if (configuration.vcpu == 0 || configuration.memory == 0 || configuration.disk_size == 0)
        return Error(ErrorKind::Invalid, "vcpu, memory and disk_size must be greater than 0");
    if (configuration.app_id.empty())
        configuration.app_id = app_id_of(configuration.compose_file);
    configuration.created_at_ms = milliseconds_now();
    auto const is_stopped = configuration.stopped;
    auto const id = make_id();
    auto machine =
        TRY(VirtualMachine::create(m_options.directory / "vm" / id, std::move(configuration), m_options.setting));
    if (auto const started = is_stopped ? Result<void>(ok) : machine->start(); !started.ok()) {
        machine->remove();
        return started.error();
    }
    m_machines.emplace(id, std::move(machine));
    return id_message(id);
}

/// Of a VM that rests; a disk does not shrink.
Result<void> Vmm::change_resources(VirtualMachine& machine, json::Object const& message) const
{
    constexpr std::array names { "vcpu", "memory", "disk_size", "image" };
    if (std::ranges::all_of(names, [&](auto const* name) { return is_absent(message, name); }))
        return ok;
    if (!machine.is_at_rest())
        return Error(ErrorKind::Refused, "vm should be stopped before resize");
    auto& configuration = machine.configuration();
    auto const disk_size = TRY(number_member(message, "disk_size"));
    if (!is_absent(message, "disk_size") && disk_size < configuration.disk_size)
        return Error(ErrorKind::Refused, "Cannot shrink disk size");
    if (!is_absent(message, "image")) {
        auto const image = TRY(text_member(message, "image"));
        TRY(check_image(image));
        configuration.image = image;
    }
    if (!is_absent(message, "vcpu"))
        configuration.vcpu = TRY(number_member(message, "vcpu"));
    if (!is_absent(message, "memory"))
        configuration.memory = TRY(number_member(message, "memory"));
    if (!is_absent(message, "disk_size"))
        configuration.disk_size = disk_size;
    return ok;
}

/// Not one step but several, as dstack-vmm has it: what comes first stays when what follows fails.
Result<json::Value> Vmm::update_vm(json::Object const& message)
{
    auto* const machine = TRY(named_in(message));
    auto& configuration = machine->configuration();
    auto const compose = TRY(text_member(message, "compose_file"));
    if (!compose.empty()) {
        TRY(check_compose(compose));
        configuration.compose_file = compose;
    }
    if (auto const env = TRY(text_member(message, "encrypted_env")); !env.empty())
        configuration.encrypted_env = env;
    if (auto const user_config = TRY(text_member(message, "user_config")); !user_config.empty())
        configuration.user_config = user_config;
    TRY(machine->store());
    TRY(change_resources(*machine, message));
    TRY(check_gpus(message));
    if (!is_absent(message, "no_tee"))
        configuration.no_tee = TRY(bool_member(message, "no_tee"));
    if (TRY(bool_member(message, "update_ports"))) {
        auto const ports = TRY(ports_member(message));
        TRY(check_ports(ports, machine->id()));
        configuration.ports = ports;
    }
    if (TRY(bool_member(message, "update_kms_urls")))
        configuration.kms_urls = TRY(array_member(message, "kms_urls"));
    if (TRY(bool_member(message, "update_gateway_urls")))
        configuration.gateway_urls = TRY(array_member(message, "gateway_urls"));
    TRY(machine->store());
    return id_message(compose.empty() ? "" : app_id_of(compose));
}

Result<json::Value> Vmm::remove_vm(json::Object const& message)
{
    auto* const machine = TRY(named_in(message));
    machine->remove();
    bury();
    return json::Value();
}

Result<json::Value> Vmm::status(json::Object const& message, Faults const& faults)
{
    auto const ids = TRY(array_member(message, "ids"));
    auto const keyword = TRY(text_member(message, "keyword"));
    auto const brief = TRY(bool_member(message, "brief"));
    json::Array shown;
    for (auto* const machine : oldest_first()) {
        auto const id = machine->id();
        auto const is_asked_for = [&id](json::Value const& value) { return value.text() && *value.text() == id; };
        auto const has_keyword = [&keyword](std::string const& text) {
            return text.find(keyword) != std::string::npos;
        };
        auto const& made = machine->configuration();
        if ((!ids.empty() && std::ranges::none_of(ids, is_asked_for))
            || std::ranges::none_of(std::array { id, made.name, made.app_id, made.image }, has_keyword))
            continue;
        auto const info = machine->info(brief);
        json::Object told;
        for (auto const& [member, value] : info)
            told.add_new(member, member == "status" && faults.has(Fault::LieStatus) ? json::Value("running") : value);
        shown.emplace_back(std::move(told));
    }
    auto const total = shown.size();
    return json::Object { { "vms", TRY(page_of(shown, message)) }, { "port_mapping_enabled", true },
        { "total", total } };
}

std::vector<VirtualMachine*> Vmm::oldest_first() const
{
    std::vector<VirtualMachine*> all;
    for (auto const& [id, machine] : m_machines)
        all.push_back(machine.get());
    std::ranges::stable_sort(all, {}, [](auto const* machine) { return machine->configuration().created_at_ms; });
    return all;
}

Result<json::Value> Vmm::get_info(json::Object const& message)
{
    auto const machine = named_in(message);
    if (!machine.ok())
        return json::Object { { "found", false }, { "info", json::Value() } };
    return json::Object { { "found", true }, { "info", (*machine)->info(false) } };
}

Result<json::Value> Vmm::images() const
{
    json::Array list;
    for (auto const& name : m_options.os_images)
        list.emplace_back(json::Object {
            { "name", name },
            { "description", "simulated" },
            { "version", m_options.setting.version },
            { "is_dev", name.find("-dev") != std::string::npos },
        });
    return json::Object { { "images", std::move(list) } };
}

}  // namespace mpc::simulator
