#include "node_container.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/user_config.h"

namespace mpc::launcher {

namespace {

// Far above what a node needs (a few hundred threads), far below what harms the CVM.
constexpr std::uint64_t pids_limit = 16384;
constexpr auto tmpfs_options = "rw,nosuid,nodev,noexec,size=536870912,mode=1777";
constexpr auto no_new_privileges = "no-new-privileges:true";

docker::Mount bind_mount(std::string source, std::string destination, bool writable)
{
    return { .type = "bind",
        .name = {},
        .source = std::move(source),
        .destination = std::move(destination),
        .writable = writable };
}

docker::Mount volume_mount(std::string name, std::string destination)
{
    return {
        .type = "volume", .name = std::move(name), .source = {}, .destination = std::move(destination), .writable = true
    };
}

std::vector<docker::Mount> node_mounts(LaunchPlan const& plan)
{
    std::vector<docker::Mount> mounts {
        bind_mount("/tapp", "/tapp", false),
        volume_mount(shared_volume, node_shared_directory),
        volume_mount(data_volume, "/data"),
    };
    if (plan.is_tee())
        mounts.push_back(bind_mount(plan.environment.dstack_socket.string(), node_dstack_socket, true));
    return mounts;
}

std::string port_key(config::PortMapping const& port) { return fmt::format("{}/tcp", port.container); }

/// Several host ports may lead to one of the container's, so the bindings of a port are a list.
json::Object port_bindings(std::vector<config::PortMapping> const& ports)
{
    std::map<std::string, json::Array> bindings;
    for (auto const& port : ports)
        bindings[port_key(port)].push_back(json::Object {
            { "HostIp", "" }, { "HostPort", std::to_string(port.host) } });
    json::Object object;
    for (auto& [key, list] : bindings)
        object.add(key, std::move(list));
    return object;
}

json::Object host_config(ContainerSpec const& spec)
{
    json::Array binds;
    for (auto const& mount : spec.mounts) {
        binds.push_back(fmt::format("{}:{}:{}", origin_of(mount), mount.destination, mount.writable ? "rw" : "ro"));
    }
    json::Object config {
        { "Binds", binds },
        { "PortBindings", port_bindings(spec.ports) },
        { "RestartPolicy", json::Object { { "Name", spec.restart_policy } } },
        { "SecurityOpt", json::Array { no_new_privileges } },
        { "LogConfig",
            json::Object {
                { "Type", "json-file" }, { "Config", json::Object { { "max-size", "100m" }, { "max-file", "3" } } } } },
    };
    if (spec.hardening == Hardening::Strict) {
        config.add("CapDrop", json::Array { "ALL" });
        config.add("ReadonlyRootfs", true);
        config.add("Tmpfs", json::Object { { "/tmp", tmpfs_options } });
        config.add("PidsLimit", pids_limit);
    }
    return config;
}

}  // namespace

std::string const& origin_of(docker::Mount const& mount) { return mount.type == "volume" ? mount.name : mount.source; }

json::Array texts(std::vector<std::string> const& values) { return { values.begin(), values.end() }; }

std::optional<std::string> node_config_of(LaunchPlan const& plan)
{
    auto const* file = std::get_if<config::NodeConfigFile>(&plan.user.node);
    if (!file)
        return std::nullopt;
    return config::render_node_config(*file, plan.environment.platform, plan.selection.digest, node_approved_file,
        node_dstack_socket);
}

ContainerSpec node_container(LaunchPlan const& plan, docker::ImageDetails image, bool supervised)
{
    ContainerSpec spec {
        .name = plan.environment.container_name,
        .image = std::move(image),
        .environment = {},
        .command = {},
        .labels = { { node_label, plan.selection.digest.text() } },
        .mounts = node_mounts(plan),
        .ports = plan.user.ports,
        .hardening = plan.environment.hardening,
        // Under TEE dockerd must never start the node by itself: after an unclean reset it would do so unmeasured.
        .restart_policy = plan.is_tee() || supervised ? "no" : "on-failure",
    };
    if (auto const* environment = std::get_if<config::NodeEnvironment>(&plan.user.node)) {
        spec.environment = config::node_environment(*environment, plan.environment.platform, plan.selection.digest,
            node_approved_file, node_dstack_socket);
    } else {
        spec.command = { "/app/mpc-node", "start-with-config-file", node_config_file };
        if (plan.is_tee())
            spec.environment.push_back({ "DSTACK_ENDPOINT", Secret(node_dstack_socket) });
    }
    return spec;
}

bool keeps_what_it_wrote(ContainerSpec const& spec)
{
    auto const is_ours = [&](std::string const& destination) {
        return std::ranges::find(spec.mounts, destination, &docker::Mount::destination) != spec.mounts.end();
    };
    return spec.hardening != Hardening::Strict || !std::ranges::all_of(spec.image.volumes, is_ours);
}

json::Object create_body(ContainerSpec const& spec)
{
    json::Array environment;
    for (auto const& [name, value] : spec.environment)
        environment.push_back(name + "=" + value.reveal());
    json::Object labels;
    for (auto const& [name, value] : spec.labels)
        labels.add(name, value);
    json::Object exposed;
    for (auto const& port : spec.ports)
        exposed.add(port_key(port), json::Object());

    json::Object body {
        { "Image", spec.image.id },
        { "Env", environment },
        { "Labels", labels },
        { "ExposedPorts", exposed },
        { "HostConfig", host_config(spec) },
    };
    if (!spec.command.empty())
        body.add("Cmd", texts(spec.command));
    return body;
}

json::Object describe(ContainerSpec const& spec)
{
    json::Array names;
    for (auto const& variable : spec.environment)
        names.push_back(variable.name);
    json::Array mounts;
    for (auto const& mount : spec.mounts) {
        mounts.push_back(fmt::format("{} {} -> {} {}", mount.type, origin_of(mount), mount.destination,
            mount.writable ? "rw" : "ro"));
    }
    return {
        { "name", spec.name },
        { "image", spec.image.id },
        { "command", texts(spec.command) },
        { "environment_names", names },
        { "mounts", mounts },
        { "hardening", spec.hardening == Hardening::Strict ? "strict" : "standard" },
        { "restart_policy", spec.restart_policy },
    };
}

}  // namespace mpc::launcher
