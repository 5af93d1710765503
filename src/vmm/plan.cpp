#include "vmm/plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "attestation/prediction.h"
#include "base/log.h"
#include "config/user_config.h"
#include "vmm/claim.h"
#include "vmm/plan_checks.h"
#include "vmm/user_config_changes.h"

namespace mpc::vmm {

namespace {

constexpr std::size_t app_id_characters = 40;

std::string hash_of(std::string_view text) { return to_hex(sha256({ as_bytes(text) })); }

std::string ports_text(std::vector<PortForward> ports)
{
    std::ranges::sort(ports);
    std::string text;
    for (auto const& port : ports)
        text += (text.empty() ? "" : " ") + to_text(port);
    return text.empty() ? "none" : printable(text, 2000);
}

Configuration configuration_of(Wanted const& wanted)
{
    auto const& deployment = wanted.deployment;
    return { .name = deployment.name,
        .image = deployment.os_image,
        .compose_file = wanted.app_compose,
        .vcpu = deployment.vcpu,
        .memory_mb = deployment.memory_mb,
        .disk_gb = deployment.disk_gb,
        .ports = deployment.ports,
        .user_config = wanted.user_config };
}

/// The VM of that name; nullptr when there is none.
Result<VmInfo const*> vm_of(std::string const& name, std::vector<VmInfo> const& vms)
{
    VmInfo const* found = nullptr;
    for (auto const& vm : vms) {
        if (vm.name != name || vm.status == Status::Removing)
            continue;
        if (found)
            return Error(ErrorKind::Invalid,
                fmt::format("several VMs have the name {}: {}, {}", printable(name, 80), found->id, vm.id))
                .remedy("remove those that are not meant, or give the deployment another name");
        found = &vm;
    }
    if (found && !found->configuration)
        return Error(ErrorKind::Refused, "the VMM does not tell the configuration of " + found->id);
    return found;
}

/// Notes a field that differs, and returns whether it does.
template <typename T>
bool differs(Plan& plan, std::string field, T const& before, T const& after)
{
    if (before == after)
        return false;
    if constexpr (std::is_integral_v<T>)
        plan.changes.push_back({ std::move(field), std::to_string(before), std::to_string(after) });
    else
        plan.changes.push_back({ std::move(field), printable(before, 2000), printable(after, 2000) });
    return true;
}

/// As differs(), for what decides the key of the disk.
template <typename T>
bool changes_key(Plan& plan, std::string const& field, T const& before, T const& after)
{
    if (!differs(plan, field, before, after))
        return false;
    plan.disk_reasons.push_back(field);
    return true;
}

void compare(Configuration const& before, Configuration const& after, Plan& plan)
{
    auto& update = plan.update;
    if (changes_key(plan, "app-compose (SHA-256)", hash_of(before.compose_file), hash_of(after.compose_file)))
        update.compose_file = after.compose_file;
    if (changes_key(plan, "OS image", before.image, after.image))
        update.image = after.image;
    if (changes_key(plan, "vCPU", before.vcpu, after.vcpu))
        update.vcpu = after.vcpu;
    if (changes_key(plan, "memory (MB)", before.memory_mb, after.memory_mb))
        update.memory_mb = after.memory_mb;
    if (differs(plan, "disk (GB)", before.disk_gb, after.disk_gb))
        update.disk_gb = after.disk_gb;
    if (differs(plan, "ports", ports_text(before.ports), ports_text(after.ports)))
        update.ports = after.ports;
    auto const present = without_claim(before.user_config.reveal());
    if (present != after.user_config.reveal()) {
        std::ranges::move(user_config_changes(present, after.user_config.reveal()), std::back_inserter(plan.changes));
        update.user_config = after.user_config;
    }
    if (after.disk_gb < before.disk_gb)
        plan.problems.emplace_back("disk_gb: a disk cannot shrink");
}

DiskFate fate_of(Plan const& plan, DiskKey key)
{
    if (plan.action == Action::Create)
        return DiskFate::New;
    if (!plan.disk_reasons.empty())
        return DiskFate::Lost;
    return key == DiskKey::None ? DiskFate::NotKept : DiskFate::Survives;
}

std::optional<image::ImageDigest> override_of(Wanted const& wanted)
{
    auto const user = config::read_user_config(wanted.user_config.reveal(), config::Platform::Tee);
    return user.ok() ? user->override_digest : std::nullopt;
}

/// What a new VM will be, field by field.
void describe(Wanted const& wanted, Existing const& existing, Plan& plan)
{
    auto const add = [&plan](char const* field, std::string const& value) {
        plan.changes.push_back({ field, std::nullopt, printable(value, 2000) });
    };
    auto const& deployment = wanted.deployment;
    add("name", deployment.name);
    if (!existing.address.empty())
        add("VMM", existing.address);
    add("OS image", deployment.os_image);
    add("vCPU", std::to_string(deployment.vcpu));
    add("memory (MB)", std::to_string(deployment.memory_mb));
    add("disk (GB)", std::to_string(deployment.disk_gb));
    add("ports", ports_text(deployment.ports));
    if (deployment.launcher_digest)
        add("launcher digest", deployment.launcher_digest->text());
    if (deployment.image_digest)
        add("image digest", deployment.image_digest->text());
    if (auto const digest = override_of(wanted))
        add("user_config: image override", digest->text());
}

void predict(Wanted const& wanted, Plan& plan)
{
    auto const& deployment = wanted.deployment;
    auto const version = version_in(deployment.os_image);
    auto const missing = [&plan](char const* what) {
        plan.warnings.push_back(fmt::format("RTMR3 cannot be predicted without {}", what));
    };
    if (!version)
        return missing("a dstack version in the name of the OS image");
    if (!deployment.key_provider_mrenclave)
        return missing("key_provider_mrenclave");
    auto const& image = plan.image ? plan.image : deployment.image_digest;
    if (!image)
        return missing("image_digest");
    auto const payload =
        json::write(json::Object { { "name", "local-sgx" }, { "id", *deployment.key_provider_mrenclave } });
    auto const prediction = attestation::predict({ .app_compose = wanted.app_compose,
        .dstack_version = *version,
        .key_provider = payload,
        .instance_id = {},
        .image_digest = *image });
    if (prediction.ok())
        plan.rtmr3 = PredictedRtmr3 { prediction->rtmr3.hex(), *image, plan.image.has_value() };
    else
        plan.warnings.push_back("RTMR3 cannot be predicted: " + prediction.error().message());
}

}  // namespace

char const* name_of(Action action)
{
    switch (action) {
    case Action::Create: return "create";
    case Action::Change: return "change";
    case Action::Nothing: return "nothing";
    }
    return "?";
}

char const* name_of(DiskFate fate)
{
    switch (fate) {
    case DiskFate::New: return "new";
    case DiskFate::Survives: return "survives";
    case DiskFate::Lost: return "lost";
    case DiskFate::NotKept: return "not-kept";
    }
    return "?";
}

std::optional<image::ImageDigest> expected_digest(Wanted const& wanted, DiskFate disk)
{
    if (auto chosen = override_of(wanted))
        return chosen;
    return disk == DiskFate::New ? wanted.deployment.image_digest : std::nullopt;
}

Result<Plan> make_plan(Wanted const& wanted, Existing const& existing)
{
    Plan plan;
    plan.configuration = configuration_of(wanted);
    plan.compose_hash = sha256({ as_bytes(wanted.app_compose) });
    plan.app_id = to_hex(plan.compose_hash).substr(0, app_id_characters);
    plan.launcher_compose_hash = sha256({ as_bytes(wanted.compose) });
    if (auto const* const vm = TRY(vm_of(wanted.deployment.name, existing.vms))) {
        plan.vm_id = vm->id;
        plan.vm_status = vm->status;
        compare(*vm->configuration, plan.configuration, plan);
        plan.action = plan.changes.empty() ? Action::Nothing : Action::Change;
        if (auto const claim = Claim::of(vm->configuration->user_config.reveal()))
            plan.upgrade = printable(claim->line());
    } else {
        describe(wanted, existing, plan);
    }
    plan.disk = fate_of(plan, wanted.deployment.disk_key);
    plan.image = expected_digest(wanted, plan.disk);
    check_name_and_image(wanted, existing, plan);
    check_ports(wanted, existing, plan);
    check_forwarding(wanted, existing, plan);
    check_user_config(wanted, plan);
    check_app_compose(wanted, plan);
    predict(wanted, plan);
    for (auto const& note : wanted.deployment.notes)
        plan.warnings.push_back(note);
    return plan;
}

}  // namespace mpc::vmm
