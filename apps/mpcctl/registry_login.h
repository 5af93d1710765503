// --docker-config: who we are to a registry.
#pragma once

#include "net/registry.h"

namespace mpc::ctl {

/// The login that a Docker config.json has for the registry of that name; nullopt without a file, or where the file has
/// none for it. Errors: NotFound, Io, Invalid (malformed; an identity token or a credential helper).
[[nodiscard]] Result<std::optional<net::RegistryLogin>>
registry_login(std::optional<std::filesystem::path> const& docker_config, std::string const& registry);

}  // namespace mpc::ctl
