// The node's container: what is asked of the engine, and whether what it made is that.
#pragma once

#include "docker/engine.h"
#include "plan.h"

namespace mpc::launcher {

/// What the container is to be. Built from the plan and the image alone.
struct ContainerSpec {
    std::string name;
    docker::ImageDetails image;
    std::vector<config::EnvironmentVariable> environment;  ///< ours, beside the image's own
    std::vector<std::string> command;                      ///< empty: the image's own
    std::map<std::string, std::string> labels;             ///< ours
    std::vector<docker::Mount> mounts;
    std::vector<config::PortMapping> ports;
    Hardening hardening;
    std::string restart_policy;
};

/// The label that marks a node's container; its value is the image digest.
inline constexpr auto node_label = "mpc-launcher.image-digest";

/// Whether somebody restarts the node: nobody, dockerd, or this launcher (--supervise).
[[nodiscard]] ContainerSpec node_container(LaunchPlan const& plan, docker::ImageDetails image, bool supervised);

/// The content of the node's configuration file; nullopt for a 2025 node, which is configured by variables.
[[nodiscard]] std::optional<std::string> node_config_of(LaunchPlan const& plan);

/// Where a mount comes from: a volume's name, or a path.
[[nodiscard]] std::string const& origin_of(docker::Mount const& mount);

[[nodiscard]] json::Array texts(std::vector<std::string> const& values);

/// The body of POST /containers/create.
[[nodiscard]] json::Object create_body(ContainerSpec const& spec);

/// Whether what ran in such a container may have left something there that the next start would find and that the image
/// does not describe: in a writable root, or in an anonymous volume that the image declares.
[[nodiscard]] bool keeps_what_it_wrote(ContainerSpec const& spec);

/// Compares a container as the engine inspects it with what was asked, field by field: the settings that we make, those
/// that would loosen the container if somebody else had made them, and everything inherited from the image. Returns the
/// names of the fields that differ (never values); empty means equal. Run state is not compared.
[[nodiscard]] std::vector<std::string> differences(ContainerSpec const& spec, json::Object const& inspected);

/// The container's part of the receipt: its facts without values of user_config (names of variables; no ports).
[[nodiscard]] json::Object describe(ContainerSpec const& spec);

}  // namespace mpc::launcher
