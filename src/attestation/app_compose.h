// What dstack was told to run, as measured: the network's rules about it.
#pragma once

#include <optional>
#include <string>

#include "json/json.h"

namespace mpc::attestation {

/// An app-compose.json, at most 1 MiB and 32 levels of nesting. Errors: Invalid.
[[nodiscard]] Result<json::Object> parse_app_compose(std::string_view text);

/// The first rule of near/mpc that it breaks, in words; nullopt when it keeps them all. (crates/attestation,
/// app_compose.rs: manifest version 2, Docker Compose, no KMS, no gateway, public logs, a local key provider, no
/// environment from outside, no script that runs before the containers, and no member that nobody knows.)
[[nodiscard]] std::optional<std::string> broken_rule(json::Object const& app_compose);

}  // namespace mpc::attestation
