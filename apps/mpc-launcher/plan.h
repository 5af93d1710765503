// The plan: everything that measured inputs, user_config and approved digests decide, before anybody is asked anything.
#pragma once

#include "environment.h"
#include "image/approved.h"
#include "json/json.h"

namespace mpc::launcher {

/// Paths inside the node's container; part of the contract with the node, not configurable.
inline constexpr auto node_shared_directory = "/mnt/shared";
inline constexpr auto node_approved_file = "/mnt/shared/image-digest.bin";
inline constexpr auto node_config_file = "/mnt/shared/mpc-config.toml";
inline constexpr auto node_dstack_socket = "/var/run/dstack.sock";
/// Names of the node's volumes, shared with the launcher's compose file.
inline constexpr auto shared_volume = "shared-volume";
inline constexpr auto data_volume = "mpc-data";

struct LaunchPlan {
    Environment environment;
    config::UserConfig user;
    image::Selection selection;
    std::optional<image::ApprovedForm> approved_form;  ///< absent: no approved-digests file

    [[nodiscard]] bool is_tee() const { return environment.platform == config::Platform::Tee; }
    /// A file in the directory that launcher and node share, as the launcher sees it.
    [[nodiscard]] std::filesystem::path shared(std::string_view name) const
    {
        return environment.shared_directory / name;
    }
};

/// Reads user_config and the approved digests. Errors: as Config, Digest or Environment.
[[nodiscard]] Result<LaunchPlan> make_plan(Environment environment);

/// The plan for people and scripts: what --check prints. The node's own values are left out; their names are there.
[[nodiscard]] json::Object describe(LaunchPlan const& plan);

/// "newest approved", "override", "default".
[[nodiscard]] std::string_view text_of(image::Choice choice);

}  // namespace mpc::launcher
