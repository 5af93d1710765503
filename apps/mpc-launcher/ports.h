// The node's published ports: whether they are free, and what may be said of them. Their numbers are values of
// user_config, so people are told which port mapping it is.
#pragma once

#include <span>

#include "docker/engine.h"
#include "plan.h"

namespace mpc::launcher {

using PortMappings = std::span<config::PortMapping const>;

/// Errors: as Engine, naming the port mapping and the container that publishes its host port.
[[nodiscard]] Result<void> require_free_ports(docker::Engine& engine, PortMappings ports);

/// An error of a start as it may be told. The engine's words often have the port that could not be had; one that holds
/// a port of the mappings is replaced as a whole.
[[nodiscard]] Error without_ports(Error error, PortMappings ports);

}  // namespace mpc::launcher
