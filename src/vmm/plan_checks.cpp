#include "vmm/plan_checks.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "attestation/app_compose.h"
#include "base/log.h"
#include "base/trim.h"
#include "config/toml_values.h"
#include "config/user_config.h"
#include "image/approved.h"
#include "vmm/claim.h"

namespace mpc::vmm {

namespace {

constexpr std::uint16_t agent_port = 8090;
// The guest's copy of app-compose and user_config; later versions take more.
constexpr std::size_t most_app_compose = std::size_t { 256 } << 10;
constexpr std::size_t most_user_config = std::size_t { 1 } << 20;

bool overlap(PortForward const& a, PortForward const& b)
{
    auto const is_any = [](std::string const& address) { return address == "0.0.0.0"; };
    return a.protocol == b.protocol && a.host == b.host
        && (a.address == b.address || is_any(a.address) || is_any(b.address));
}

std::string_view trimmed(std::string_view text) { return trim(text, " \t\r\n"); }

/// Texts of that name anywhere in a TOML document, without recursion.
std::vector<std::string> texts_named(json::Object const& document, std::string_view name)
{
    std::vector<std::string> texts;
    std::vector<json::Object const*> open { &document };
    while (!open.empty()) {
        auto const* const object = open.back();
        open.pop_back();
        for (auto const& [key, value] : *object) {
            if (value.object())
                open.push_back(value.object());
            else if (key == name && value.text())
                texts.push_back(*value.text());
        }
    }
    return texts;
}

std::vector<std::string> boot_node_lists(config::UserConfig const& user)
{
    std::vector<std::string> lists;
    if (auto const* environment = std::get_if<config::NodeEnvironment>(&user.node)) {
        for (auto const& variable : environment->variables)
            if (variable.name == "NEAR_BOOT_NODES")
                lists.push_back(variable.value.reveal());
        return lists;
    }
    auto const document = config::read_toml_values(std::get<config::NodeConfigFile>(user.node).content.reveal());
    return document.ok() ? texts_named(*document, "boot_nodes") : lists;
}

void check_boot_nodes(config::UserConfig const& user, Plan& plan)
{
    for (auto const& list : boot_node_lists(user))
        for (auto const& [first, second] : repeated_boot_nodes(list))
            plan.problems.push_back(fmt::format(
                "user_config: boot nodes {} and {} are the same peer, which ends the node: remove one", first, second));
}

void check_published_ports(config::UserConfig const& user, Wanted const& wanted, Plan& plan)
{
    for (auto const& published : user.ports) {
        bool const is_forwarded = std::ranges::any_of(wanted.deployment.ports,
            [&](auto const& port) { return port.protocol == Protocol::Tcp && port.vm == published.host; });
        if (!is_forwarded)
            plan.warnings.push_back(fmt::format(
                "the node publishes port {} in the VM, and no port of the host leads there", published.host));
    }
}

void check_override(config::UserConfig const& user, Wanted const& wanted, Plan& plan)
{
    auto const& digest = wanted.deployment.image_digest;
    if (plan.action != Action::Create || !digest || !user.override_digest)
        return;
    if (auto const selection = image::select(std::nullopt, user.override_digest, *digest); !selection.ok())
        plan.problems.push_back("user_config: at its first boot the launcher will refuse: "
            + selection.error().message());
}

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> repeated_boot_nodes(std::string_view list)
{
    std::vector<std::pair<std::size_t, std::size_t>> repeated;
    std::map<std::string_view, std::size_t> seen;
    for (std::size_t position = 1; !list.empty(); ++position) {
        auto const end = std::min(list.find(','), list.size());
        auto const entry = trimmed(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
        auto const peer = trimmed(entry.substr(0, std::min(entry.find('@'), entry.size())));
        if (peer.empty())
            continue;
        if (auto const [it, is_new] = seen.emplace(peer, position); !is_new)
            repeated.emplace_back(it->second, position);
    }
    return repeated;
}

void check_ports(Wanted const& wanted, Existing const& existing, Plan& plan)
{
    auto const& ports = wanted.deployment.ports;
    for (std::size_t i = 0; i < ports.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (overlap(ports[i], ports[j]))
                plan.problems.push_back(fmt::format("ports, entries {} and {} want the same port of the host, {}",
                    j + 1, i + 1, to_text(ports[i])));
    for (auto const& vm : existing.vms) {
        if (vm.id == plan.vm_id || vm.status == Status::Removing || !vm.configuration)
            continue;
        for (auto const& taken : vm.configuration->ports)
            for (auto const& port : ports) {
                if (!overlap(port, taken))
                    continue;
                bool const is_idle = vm.status == Status::Stopped;
                auto& where = is_idle ? plan.warnings : plan.problems;
                where.push_back(fmt::format("port {} of the host {} VM {} ({})", port.host,
                    is_idle ? "is also that of the stopped" : "is in use by", printable(vm.name, 60), vm.id));
            }
    }
    bool const has_agent = std::ranges::any_of(ports, [](auto const& port) { return port.vm == agent_port; });
    if (!has_agent || !wanted.deployment.public_logs)
        plan.warnings.emplace_back("without public_logs and a port to 8090 in the VM the launcher cannot be watched");
}

void check_forwarding(Wanted const& wanted, Existing const& existing, Plan& plan)
{
    if (!existing.forwards_ports && !wanted.deployment.ports.empty())
        plan.problems.emplace_back("ports: this VMM forwards none: set enabled = true in [cvm.port_mapping] of its "
                                   "vmm.toml and start it again, or leave the ports away");
    for (auto const& [port, reason] : existing.port_troubles) {
        bool const is_a_vms = std::ranges::any_of(existing.vms, [&port](VmInfo const& vm) {
            return vm.status != Status::Stopped && vm.configuration
                && std::ranges::any_of(vm.configuration->ports, [&](auto const& held) { return overlap(held, port); });
        });
        if (!is_a_vms)
            plan.warnings.push_back(
                fmt::format("port {}: this machine cannot give it now ({}), so the VM cannot start if its VMM is here",
                    to_text(port), reason));
    }
}

void check_name_and_image(Wanted const& wanted, Existing const& existing, Plan& plan)
{
    constexpr std::string_view marks = "-_. @~!$^()";
    auto const& deployment = wanted.deployment;
    bool const is_name = std::ranges::all_of(deployment.name, [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
            || marks.find(c) != std::string_view::npos;
    });
    if (!is_name)
        plan.problems.push_back("name: the VMM takes letters, digits and " + std::string(marks));
    if (std::ranges::find(existing.images, deployment.os_image) != existing.images.end())
        return;
    std::string names;
    for (auto const& image : existing.images)
        names += (names.empty() ? "" : ", ") + printable(image, 60);
    plan.problems.push_back(fmt::format("os_image: the VMM has no {}, only: {}", printable(deployment.os_image, 60),
        names.empty() ? "none" : printable(names)));
}

void check_user_config(Wanted const& wanted, Plan& plan)
{
    auto const user = config::read_user_config(wanted.user_config.reveal(), config::Platform::Tee);
    if (!user.ok()) {
        plan.problems.push_back("the launcher will refuse it: " + user.error().message() + "; "
            + user.error().remedy());
        return;
    }
    if (Claim::of(wanted.user_config.reveal()))
        plan.problems.emplace_back(
            "user_config begins with the mark of an upgrade, which would lock the VM: remove its "
            "first line");
    if (wanted.user_config.size() > most_user_config)
        plan.problems.emplace_back("user_config is larger than the 1 MiB that a guest takes");
    for (auto const& warning : user->warnings)
        plan.warnings.push_back("the launcher will warn: " + warning);
    check_boot_nodes(*user, plan);
    check_published_ports(*user, wanted, plan);
    check_override(*user, wanted, plan);
}

void check_app_compose(Wanted const& wanted, Plan& plan)
{
    auto const object = attestation::parse_app_compose(wanted.app_compose);
    if (!object.ok()) {
        plan.problems.push_back(object.error().message());
        return;
    }
    if (auto const rule = attestation::broken_rule(*object))
        plan.warnings.push_back("the network will not accept this node: " + *rule);
    if (wanted.app_compose.size() > most_app_compose)
        plan.problems.emplace_back("app-compose is larger than the 256 KiB that a guest takes");
}

}  // namespace mpc::vmm
