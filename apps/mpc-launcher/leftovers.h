// Who may be the node: containers that must not run while RTMR3 does not yet hold the digest.
#pragma once

#include <span>
#include <string_view>

#include "docker/engine.h"
#include "plan.h"

namespace mpc::launcher {

/// How a container stands to the node.
enum class Standing {
    Unrelated,
    Ours,       ///< this launcher, or a service of its own measured compose project
    Node,       ///< has the node's name, label or data volume, or can reach the dstack agent
    Ambiguous,  ///< could be the node and could be something that we must not stop; the operator has to say
};

/// What tells the containers apart.
struct Surroundings {
    std::string own_id;       ///< the launcher's own container; empty when it runs in none
    std::string own_project;  ///< its compose project; empty when it has none
    std::string container_name;
    std::filesystem::path dstack_socket;
    std::filesystem::path docker_socket;
    bool is_tee = false;  ///< only then does it matter who reaches the agent or the engine
};

[[nodiscard]] Standing standing_of(docker::ContainerSummary const& container, Surroundings const& surroundings);

/// A container's name for people, or the beginning of its id.
[[nodiscard]] std::string display_name(docker::ContainerSummary const& container);

/// Running, paused, restarting: a process of it exists or will at any moment.
[[nodiscard]] bool is_active(docker::ContainerSummary const& container);

/// Whether it is active, and the node or not to be told from it.
[[nodiscard]] bool may_be_the_node(docker::ContainerSummary const& container, Surroundings const& surroundings);

/// The container id that the kernel's mount table of this process names, or "" outside of a container.
[[nodiscard]] std::string own_container_id(std::string_view mountinfo);

/// Finds the launcher itself among the containers. `mountinfo` is the content of /proc/self/mountinfo.
[[nodiscard]] Surroundings surroundings_of(Environment const& environment, std::string_view mountinfo,
    std::span<docker::ContainerSummary const> containers);
/// The same, with this process's own.
[[nodiscard]] Surroundings surroundings_of(Environment const& environment,
    std::span<docker::ContainerSummary const> containers);

/// Stops those of the containers that are active and may be the node. Ones that cannot be told apart are an error that
/// names them, and nothing is stopped then. Returns how many were stopped. Errors: as Engine.
[[nodiscard]] Result<std::size_t> stop_nodes(docker::Engine& engine,
    std::span<docker::ContainerSummary const> containers, Surroundings const& surroundings, Log const& log);

/// The same with every container of the engine, and proves that none is left: asks the engine again.
[[nodiscard]] Result<std::size_t> make_quiet(docker::Engine& engine, Surroundings const& surroundings, Log const& log);

}  // namespace mpc::launcher
