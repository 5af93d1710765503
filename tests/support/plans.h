// Launch plans for tests: good by default, each test changes what it is about.
#pragma once

#include "config/user_config.h"
#include "environment.h"
#include "plan.h"

namespace mpc::test {

inline image::ImageDigest digest_of(char c) { return *image::ImageDigest::parse("sha256:" + std::string(64, c)); }

/// Measured inputs as a compose file gives them; add or replace by name, "" removes.
inline Result<launcher::Environment> environment_with(std::map<std::string, std::string> changes,
    launcher::Arguments const& arguments = {})
{
    std::map<std::string, std::string> variables {
        { "PLATFORM", "TEE" },
        { "DOCKER_CONTENT_TRUST", "1" },
        { "DEFAULT_IMAGE_DIGEST", "sha256:" + std::string(64, 'a') },
    };
    for (auto const& [name, value] : changes)
        variables[name] = value;
    return launcher::Environment::read(arguments, [&](char const* name) -> std::optional<std::string> {
        auto const found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
}

inline constexpr auto toml_config = R"([launcher_config]
image_reference = "127.0.0.1:5000/near/mpc-node"
port_mappings = [{ host = 8080, container = 80 }]
pull_max_retries = 1
pull_retry_interval_secs = 0

[mpc_node_config]
home_dir = "/data"
account = "canary-account.near"
)";

inline constexpr auto key_value_config = R"(MPC_IMAGE_NAME=near/mpc-node
MPC_IMAGE_TAGS=latest,3.6.0
MPC_REGISTRY=127.0.0.1:5000
RPC_MAX_ATTEMPTS=2
RPC_REQUEST_INTERVAL_SECS=0
MPC_ACCOUNT_ID=canary-account.near
MPC_SECRET_STORE_KEY=canary-secret
PORTS=8080:80
)";

inline launcher::LaunchPlan plan_with(std::map<std::string, std::string> changes = {},
    char const* user_config = toml_config, image::ImageDigest digest = digest_of('d'))
{
    auto environment = *environment_with(std::move(changes));
    auto user = *config::read_user_config(user_config, environment.platform);
    return { .environment = std::move(environment),
        .user = std::move(user),
        .selection = { digest, image::Choice::Newest },
        .approved_form = image::ApprovedForm::Json };
}

}  // namespace mpc::test
