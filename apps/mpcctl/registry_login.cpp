#include "mpcctl/registry_login.h"

#include "base/fd.h"
#include "docker/credentials.h"

namespace mpc::ctl {

Result<std::optional<net::RegistryLogin>> registry_login(std::optional<std::filesystem::path> const& docker_config,
    std::string const& registry)
{
    constexpr std::size_t most_config_bytes = std::size_t { 1 } << 20;
    if (!docker_config)
        return std::optional<net::RegistryLogin>();
    // A file that was named and is not there is an error; to credentials_for() it is none.
    TRY(read_file(*docker_config, most_config_bytes)
            .in("--docker-config")
            .remedy("give the path of a Docker config.json with static credentials (\"auths\")"));
    auto const found = TRY(docker::credentials_for(*docker_config, registry)
            .in("--docker-config")
            .remedy("mend the file: static credentials are under \"auths\""));
    if (!found)
        return std::optional<net::RegistryLogin>();
    if (found->identity_token.size() > 0)
        return Error(ErrorKind::Invalid, "--docker-config: it has an identity token for " + registry)
            .remedy("file a user and a password or access token for it");
    return std::optional(net::RegistryLogin { .user = found->username, .password = found->password });
}

}  // namespace mpc::ctl
