// Reading user_config, which is not measured: it selects among what is approved and configures the node, no more.
#pragma once

#include <string_view>

#include "config/plan.h"

namespace mpc::config {

/// Reads either form, told apart by content: the first line that is neither blank nor a comment starts a TOML document
/// when it is a table header or assigns to launcher_config or mpc_node_config; otherwise the text is KEY=VALUE lines.
/// `platform` decides what is forbidden. Errors: Invalid, with exit code Config, the line (and column, or key name) and
/// a remedy, never a value. Refused: not UTF-8, NUL, more than 1 MiB, nothing but comments, every case of
/// docs/launcher-cases.md B and C.
[[nodiscard]] Result<UserConfig> read_user_config(std::string_view content, Platform platform);

/// The TOML file for a 2026 node: its own [mpc_node_config] with the [tee] table that tells it its image digest, where
/// to write approved digests and how to attest (cases C17-C25). Deterministic. `dstack_endpoint` is used under TEE
/// only. The result holds the node's secrets.
[[nodiscard]] std::string render_node_config(NodeConfigFile const& node, Platform platform,
    image::ImageDigest const& digest, std::string_view approved_file, std::string_view dstack_endpoint);

/// The variables for a 2025 node: its own, plus MPC_IMAGE_HASH and IMAGE_HASH (bare hex), MPC_LATEST_ALLOWED_HASH_FILE
/// and LATEST_ALLOWED_HASH_FILE, and under TEE DSTACK_ENDPOINT; sorted by name.
[[nodiscard]] std::vector<EnvironmentVariable> node_environment(NodeEnvironment const& node, Platform platform,
    image::ImageDigest const& digest, std::string_view approved_file, std::string_view dstack_endpoint);

}  // namespace mpc::config
