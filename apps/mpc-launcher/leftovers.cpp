#include "leftovers.h"

#include <algorithm>

#include <fmt/format.h>

#include "node_container.h"

namespace mpc::launcher {

namespace {

constexpr auto stop_grace = std::chrono::seconds(30);
constexpr auto project_label = "com.docker.compose.project";

std::string label_of(docker::ContainerSummary const& container, char const* name)
{
    auto const found = container.labels.find(name);
    return found == container.labels.end() ? "" : found->second;
}

/// /var/run is a link to /run on every guest; one spelling is enough.
std::string resolved(std::filesystem::path const& path)
{
    auto text = path.lexically_normal().string();
    if (text == "/var/run" || text.starts_with("/var/run/"))
        text.erase(0, 4);
    return text.size() > 1 && text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
}

/// Whether a bind mount of `source` shows `path`: the path itself or a directory above it.
bool shows(docker::Mount const& mount, std::filesystem::path const& path)
{
    if (mount.type != "bind" || mount.source.empty())
        return false;
    auto const source = resolved(mount.source);
    auto const wanted = resolved(path);
    return source == "/" || source == wanted || wanted.starts_with(source + "/");
}

bool has_any_mount_of(docker::ContainerSummary const& container, std::initializer_list<std::filesystem::path> paths)
{
    return std::ranges::any_of(container.mounts, [&](auto const& mount) {
        return std::ranges::any_of(paths, [&](auto const& path) { return shows(mount, path); });
    });
}

/// The agent's socket under each name that dstack has given it (dstack 0.3 to 0.6).
bool reaches_the_agent(docker::ContainerSummary const& container, Surroundings const& surroundings)
{
    return has_any_mount_of(container,
        { surroundings.dstack_socket, "/run/dstack.sock", "/run/dstack/dstack.sock", "/run/tappd.sock" });
}

bool reaches_the_engine(docker::ContainerSummary const& container, Surroundings const& surroundings)
{
    return has_any_mount_of(container, { surroundings.docker_socket, "/run/docker.sock" });
}

bool has_the_data_volume(docker::ContainerSummary const& container)
{
    return std::ranges::any_of(container.mounts, [](auto const& mount) {
        return (mount.type == "volume" && mount.name == data_volume)
            || (mount.type == "bind"
                && resolved(mount.source).find(std::string("/volumes/") + data_volume) != std::string::npos);
    });
}

Result<void> stop(docker::Engine& engine, docker::ContainerSummary const& container)
{
    TRY(engine.forbid_restart(container.id));
    if (auto stopped = engine.stop_container(container.id, stop_grace); !stopped.ok()) {
        if (stopped.error().kind() == ErrorKind::Interrupted)
            return stopped;
        return engine.kill_container(container.id);
    }
    return ok;
}

Error cannot_tell_apart(docker::ContainerSummary const& container)
{
    return Error(ErrorKind::Refused,
        fmt::format("container \"{}\" runs and may be the node, or something that must not be stopped",
            display_name(container)))
        .exit_as(ExitCode::Engine)
        .remedy(fmt::format(
            "if it is not needed, stop it: docker rm -f {}; if it is, make it a service of the launcher's own "
            "compose file",
            display_name(container)));
}

}  // namespace

std::string display_name(docker::ContainerSummary const& container)
{
    return container.names.empty() ? container.id.substr(0, 12) : printable(container.names.front(), 64);
}

bool is_active(docker::ContainerSummary const& container)
{
    return container.state != "created" && container.state != "exited" && container.state != "dead";
}

Standing standing_of(docker::ContainerSummary const& container, Surroundings const& surroundings)
{
    if (!surroundings.own_id.empty() && container.id == surroundings.own_id)
        return Standing::Ours;
    auto const is_named = std::ranges::find(container.names, surroundings.container_name) != container.names.end()
        || container.labels.contains(node_label);
    auto const in_own_project =
        !surroundings.own_project.empty() && label_of(container, project_label) == surroundings.own_project;
    // The compose file is measured: what it starts is as trusted as the launcher, unless it poses as the node.
    if (in_own_project)
        return is_named ? Standing::Ambiguous : Standing::Ours;
    // Who reaches the engine can start the node at any moment, or is another launcher.
    if (surroundings.is_tee && reaches_the_engine(container, surroundings))
        return Standing::Ambiguous;
    if (is_named || has_the_data_volume(container))
        return Standing::Node;
    return surroundings.is_tee && reaches_the_agent(container, surroundings) ? Standing::Node : Standing::Unrelated;
}

bool may_be_the_node(docker::ContainerSummary const& container, Surroundings const& surroundings)
{
    auto const standing = standing_of(container, surroundings);
    return is_active(container) && (standing == Standing::Node || standing == Standing::Ambiguous);
}

std::string own_container_id(std::string_view mountinfo)
{
    // Docker mounts /etc/hostname from <data root>/containers/<id>/hostname; no container can change what that line
    // says.
    constexpr std::string_view before = "/containers/";
    for (std::size_t line_start = 0; line_start < mountinfo.size();) {
        auto const line_end = std::min(mountinfo.find('\n', line_start), mountinfo.size());
        auto const line = mountinfo.substr(line_start, line_end - line_start);
        line_start = line_end + 1;
        auto const found = line.find(before);
        if (found == std::string_view::npos || line.find("/hostname /etc/hostname ") == std::string_view::npos)
            continue;
        auto const id = line.substr(found + before.size(), 64);
        if (id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos)
            return std::string(id);
    }
    return {};
}

Surroundings surroundings_of(Environment const& environment, std::string_view mountinfo,
    std::span<docker::ContainerSummary const> containers)
{
    Surroundings surroundings {
        .own_id = own_container_id(mountinfo),
        .own_project = {},
        .container_name = environment.container_name,
        .dstack_socket = environment.dstack_socket,
        .docker_socket = environment.docker_socket,
        .is_tee = environment.platform == config::Platform::Tee,
    };
    if (surroundings.own_id.empty())
        return surroundings;
    auto const self = std::ranges::find(containers, surroundings.own_id, &docker::ContainerSummary::id);
    if (self != containers.end())
        surroundings.own_project = label_of(*self, project_label);
    return surroundings;
}

Surroundings surroundings_of(Environment const& environment, std::span<docker::ContainerSummary const> containers)
{
    auto const mountinfo = read_file("/proc/self/mountinfo", std::size_t { 4 } << 20);
    return surroundings_of(environment, mountinfo.ok() ? *mountinfo : "", containers);
}

Result<std::size_t> stop_nodes(docker::Engine& engine, std::span<docker::ContainerSummary const> containers,
    Surroundings const& surroundings, Log const& log)
{
    for (auto const& container : containers) {
        if (is_active(container) && standing_of(container, surroundings) == Standing::Ambiguous)
            return cannot_tell_apart(container);
    }
    std::size_t stopped = 0;
    for (auto const& container : containers) {
        if (!may_be_the_node(container, surroundings))
            continue;
        log.info("quiet",
            fmt::format("stopping \"{}\", which may be the node and is not measured", display_name(container)));
        TRY(stop(engine, container)
                .in(fmt::format("stopping \"{}\"", display_name(container)))
                .exit_as(ExitCode::Engine));
        ++stopped;
    }
    return stopped;
}

Result<std::size_t> make_quiet(docker::Engine& engine, Surroundings const& surroundings, Log const& log)
{
    auto const before = TRY(engine.containers().exit_as(ExitCode::Engine));
    auto const stopped = TRY(stop_nodes(engine, before, surroundings, log));
    for (auto const& container : TRY(engine.containers().exit_as(ExitCode::Engine))) {
        if (!may_be_the_node(container, surroundings))
            continue;
        if (standing_of(container, surroundings) == Standing::Ambiguous)
            return cannot_tell_apart(container);
        return Error(ErrorKind::Refused, fmt::format("\"{}\" still runs after it was stopped", display_name(container)))
            .exit_as(ExitCode::Engine)
            .remedy("find out what starts it again; nothing is measured while it runs");
    }
    return stopped;
}

}  // namespace mpc::launcher
