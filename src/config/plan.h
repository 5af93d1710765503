// What a user_config comes to, whichever form it had: after this nobody sees TOML or KEY=VALUE.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/secret.h"
#include "image/digest.h"
#include "image/reference.h"

namespace mpc::config {

enum class Platform { Tee, NonTee };

/// A TCP port of the host, published to one of the node's.
struct PortMapping {
    std::uint16_t host = 0;
    std::uint16_t container = 0;
    auto operator<=>(PortMapping const&) const = default;
};

/// How patiently an image is pulled. Delays grow by half from `interval` to `max_delay`.
struct PullPolicy {
    std::uint32_t max_retries = 5;  ///< after the first attempt
    std::chrono::milliseconds interval = std::chrono::seconds(2);
    std::chrono::milliseconds max_delay = std::chrono::seconds(60);
    std::chrono::milliseconds request_timeout = std::chrono::seconds(30);  ///< one question to a registry
};

/// A variable for the node's container. The value may be a secret and is always treated as one.
struct EnvironmentVariable {
    std::string name;
    Secret value;
};

/// 2026: the node reads a TOML file.
struct NodeConfigFile {
    Secret content;  ///< [mpc_node_config] unchanged, without the [tee] table; see render_node_config
};
/// 2025: the node reads environment variables, sorted by name.
struct NodeEnvironment {
    std::vector<EnvironmentVariable> variables;
};

/// A user_config, checked as far as it can be without knowing the digest that will be chosen.
struct UserConfig {
    image::Reference image;          ///< repository to pull from; its tag is not used
    std::vector<std::string> tags;   ///< where an image ID is looked for, in order; never empty
    std::vector<PortMapping> ports;  ///< no host port twice
    std::optional<image::ImageDigest> override_digest;
    PullPolicy pull;
    std::variant<NodeConfigFile, NodeEnvironment> node;
    std::vector<std::string> warnings;  ///< what was ignored and why: names and line numbers, never values
    std::vector<Secret> sensitive;      ///< every value that must not be seen in foreign text (see docker::Scrubber)
};

}  // namespace mpc::config
