#include "simulator/measured_vm.h"

#include <algorithm>

#include <fmt/format.h>

namespace mpc::simulator {

namespace {

/// An event that firmware or kernel logs. Some digests are of the logged data itself; the others are of things that are
/// not in the log (code, tables), so that the seed makes them up.
struct BootEvent {
    std::uint32_t imr;
    std::uint32_t type;
    enum class Digest { OfPayload, FromSeed } digest;
    std::string_view payload_hex;
};
constexpr auto of_payload = BootEvent::Digest::OfPayload;
constexpr auto from_seed = BootEvent::Digest::FromSeed;

/// What OVMF and a direct-booted Linux log on dstack 0.5, in their order. (TCG PC Client Platform Firmware Profile.)
constexpr std::array<BootEvent, 20> boot_events { {
    // Configuration of the firmware.
    { 0, 0x8000000b, from_seed,
        "095464785461626c65000100000000000000af96bb93f2b9b84e9462e0ba745642360090800000000000" },
    { 0, 0x8000000a, from_seed,
        "2946762858585858585858582d585858582d585858582d585858582d58585858585858585858585829000000c0ff"
        "000000000040080000000000" },
    // Secure boot: SecureBoot, PK, KEK, db, dbx.
    { 0, 0x80000001, of_payload,
        "61dfe48bca93d211aa0d00e098032b8c0a000000000000000000000000000000"
        "53006500630075007200650042006f006f007400" },
    { 0, 0x80000001, of_payload, "61dfe48bca93d211aa0d00e098032b8c0200000000000000000000000000000050004b00" },
    { 0, 0x80000001, of_payload, "61dfe48bca93d211aa0d00e098032b8c030000000000000000000000000000004b0045004b00" },
    { 0, 0x80000001, of_payload, "cbb219d73a3d9645a3bcdad00e67656f0200000000000000000000000000000064006200" },
    { 0, 0x80000001, of_payload, "cbb219d73a3d9645a3bcdad00e67656f03000000000000000000000000000000640062007800" },
    // A separator, and three times "ACPI DATA".
    { 0, 0x00000004, of_payload, "00000000" },
    { 0, 0x0000000a, from_seed, "414350492044415441" },
    { 0, 0x0000000a, from_seed, "414350492044415441" },
    { 0, 0x0000000a, from_seed, "414350492044415441" },
    // The kernel, BootOrder, Boot0000.
    { 1, 0x80000003, from_seed,
        "18e0fd7a00000000008485000000000000000000000000002a000000000000000403140072f728144ab61e44b8c39ebdd7f8"
        "93c7040412006b00650072006e0065006c0000007fff0400" },
    { 0, 0x80000002, from_seed,
        "61dfe48bca93d211aa0d00e098032b8c09000000000000000200000000000000"
        "42006f006f0074004f0072006400650072000000" },
    { 0, 0x80000002, from_seed,
        "61dfe48bca93d211aa0d00e098032b8c08000000000000000000000000000000"
        "42006f006f0074003000300030003000" },
    // "Calling EFI Application from Boot Option", a separator.
    { 1, 0x80000007, of_payload, "43616c6c696e6720454649204170706c69636174696f6e2066726f6d20426f6f74204f7074696f6e" },
    { 1, 0x00000004, of_payload, "00000000" },
    // The kernel's command line, the initrd.
    { 2, 0x00000006, from_seed, "ed223b8f1a0000004c4f414445445f494d4147453a3a4c6f61644f7074696f6e7300" },
    { 2, 0x00000006, from_seed, "ec223b8f0d0000004c696e757820696e6974726400" },
    // "Exit Boot Services Invocation", "Exit Boot Services Returned with Success".
    { 1, 0x80000007, of_payload, "4578697420426f6f7420536572766963657320496e766f636174696f6e" },
    { 1, 0x80000007, of_payload, "4578697420426f6f742053657276696365732052657475726e656420776974682053756363657373" },
} };

Bytes first_20(Sha256 const& hash) { return { hash.begin(), hash.begin() + 20 }; }

bool is_true(json::Object const& object, std::string_view name)
{
    auto const* value = object.find(name);
    return value && value->boolean() && *value->boolean();
}

std::string key_provider_of(json::Object const& compose, Seed const& seed)
{
    auto const text = [](std::string_view name, std::string const& id) {
        return json::write(json::Object { { "name", name }, { "id", id } });
    };
    if (is_true(compose, "kms_enabled"))
        return text("kms", to_hex(seed.bytes32("kms")));
    if (is_true(compose, "local_key_provider_enabled"))
        return text("local-sgx", to_hex(seed.bytes32("local-sgx")));
    return text("none", "");
}

Result<std::string> storage_fs_of(json::Object const& compose)
{
    if (!compose.find("storage_fs"))
        return std::string("zfs");
    auto const name = TRY(compose.require_text("storage_fs"));
    if (name != "zfs" && name != "ext4")
        return Error(ErrorKind::Invalid, "\"storage_fs\" is neither zfs nor ext4");
    return name;
}

}  // namespace

std::string default_app_compose()
{
    return R"({
    "manifest_version": 2,
    "name": "mpc-simulated",
    "runner": "docker-compose",
    "docker_compose_file": "services:\n  launcher:\n    image: mpc-launcher\n",
    "kms_enabled": false,
    "gateway_enabled": false,
    "local_key_provider_enabled": true,
    "key_provider_id": "",
    "public_logs": true,
    "public_sysinfo": true,
    "allowed_envs": [],
    "no_instance_id": true,
    "secure_time": false
})";
}

Result<VmIdentity> VmIdentity::from(std::string app_compose, Seed const& seed)
{
    auto const compose = TRY(json::read_object(app_compose).in("app-compose"));
    VmIdentity identity;
    identity.app_name = TRY(compose.require_text("name").in("app-compose"));
    identity.compose_hash = sha256({ as_bytes(app_compose) });
    identity.app_id = first_20(identity.compose_hash);
    if (!is_true(compose, "no_instance_id"))
        identity.instance_id = first_20(sha256({ seed.bytes32("instance"), identity.app_id }));
    identity.key_provider = key_provider_of(compose, seed);
    identity.storage_fs = TRY(storage_fs_of(compose).in("app-compose"));
    identity.mrtd = seed.bytes48("mrtd");
    identity.os_image_hash = seed.bytes32("os image");
    identity.app_compose = std::move(app_compose);
    return identity;
}

std::array<std::uint8_t, 48> VmIdentity::mr_config_id() const
{
    std::array<std::uint8_t, 48> id { 0x01 };
    std::ranges::copy(compose_hash, id.begin() + 1);
    return id;
}

std::string VmIdentity::vm_config() const
{
    return json::write(json::Object { { "spec_version", 1 }, { "os_image_hash", to_hex(os_image_hash) },
        { "cpu_count", 8 }, { "memory_size", std::uint64_t { 64 } << 30 }, { "qemu_version", "8.2.2" },
        { "pci_hole64_size", 0 }, { "hugepages", false }, { "num_gpus", 0 }, { "num_nvswitches", 0 },
        { "hotplug_off", false }, { "image", "dstack-simulated" } });
}

MeasuredVm::MeasuredVm(VmIdentity identity, Seed const& seed, Dialect const& dialect) : m_identity(std::move(identity))
{
    boot_firmware_and_kernel(seed);
    boot_dstack(dialect);
}

void MeasuredVm::boot_firmware_and_kernel(Seed const& seed)
{
    for (auto const& [imr, type, kind, payload_hex] : boot_events) {
        auto payload = from_hex(payload_hex).value();
        auto const digest =
            kind == of_payload ? sha384({ payload }) : seed.bytes48(fmt::format("boot event {}", m_log.size()));
        m_rtmrs[imr].extend(digest);
        m_log.push_back({ .imr = imr, .type = type, .digest = digest, .name = "", .payload = std::move(payload) });
    }
}

void MeasuredVm::boot_dstack(Dialect const& dialect)
{
    auto const bytes = [](auto const& from) { return Bytes(from.begin(), from.end()); };
    emit("system-preparing", {});
    emit("app-id", m_identity.app_id);
    emit("compose-hash", bytes(m_identity.compose_hash));
    if (dialect.logs_gpu_policy)
        emit("gpu-policy-hash", bytes(sha256({ as_bytes("{}") })));
    emit("instance-id", m_identity.instance_id);
    emit("boot-mr-done", {});
    emit("key-provider", bytes(m_identity.key_provider));
    if (dialect.logs_storage_fs)
        emit("storage-fs", bytes(m_identity.storage_fs));
    emit("system-ready", {});
}

void MeasuredVm::emit(std::string name, Bytes payload, Effect effect)
{
    auto const digest = evidence::runtime_event_digest(name, payload);
    if (effect != Effect::LogOnly)
        m_rtmrs[3].extend(digest);
    if (effect != Effect::RegisterOnly)
        m_log.push_back({ .imr = 3,
            .type = evidence::runtime_event_type,
            .digest = digest,
            .name = std::move(name),
            .payload = std::move(payload) });
}

}  // namespace mpc::simulator
