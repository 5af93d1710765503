// Registry credentials from a docker config.json: static "auths" only.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "docker/engine.h"

namespace mpc::docker {

/// The credentials filed for exactly that registry host (and port); Docker Hub's are under
/// "https://index.docker.io/v1/", "index.docker.io" or "docker.io". nullopt when the file does not exist or has none
/// for it. A host that merely ends in or starts with a filed one does not match. Errors: Io, Invalid (not JSON, auth
/// not base64 "user:password"), or a credsStore or credHelpers entry for the registry, which would need a child
/// process; never a value.
[[nodiscard]] Result<std::optional<RegistryCredentials>> credentials_for(std::filesystem::path const& config_file,
    std::string_view registry);

/// The X-Registry-Auth header: base64url of {"username","password","serveraddress"} or {"identitytoken"}.
[[nodiscard]] Secret registry_auth_header(RegistryCredentials const& credentials);

}  // namespace mpc::docker
