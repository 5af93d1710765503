#include "mpcctl/deployment_input.h"

#include "base/fd.h"
#include "dstack/app_compose.h"
#include "mpcctl/compose_render.h"
#include "mpcctl/port_probe.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t file_limit = std::size_t { 1 } << 20;

Result<vmm::Deployment> read_toml(std::filesystem::path const& path)
{
    auto deployment = TRY(vmm::parse_deployment(TRY(read_file(path, file_limit).in("--file"))).in(path.string()));
    deployment.compose = path.parent_path() / deployment.compose;
    deployment.user_config = path.parent_path() / deployment.user_config;
    return deployment;
}

Result<vmm::Deployment> read_env(std::filesystem::path const& path, DeploymentInput const& input)
{
    if (!input.compose_template)
        return Error(ErrorKind::Invalid, "an env file does not name the launcher's compose template")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("give it with --template");
    auto deployment = TRY(vmm::parse_env_file(TRY(read_file(path, file_limit).in("--env-file"))).in(path.string()));
    deployment.compose = *input.compose_template;
    deployment.user_config = path.parent_path() / deployment.user_config;
    return deployment;
}

/// A digest that is left to fill in: not one that stands in the file already, in place of its placeholder.
std::optional<image::ImageDigest> to_fill_in(std::optional<image::ImageDigest> const& digest, std::string const& text,
    std::string_view placeholder)
{
    bool const is_there = digest && text.find(placeholder) == text.npos && text.find(digest->hex()) != text.npos;
    return is_there ? std::nullopt : digest;
}

/// The compose file with its placeholders, if it has any, filled; what is given must end up in it.
Result<std::string> compose_of(vmm::Deployment const& deployment, bool is_env_file)
{
    auto const text = TRY(read_file(deployment.compose, file_limit).in("compose"));
    return render_compose(text,
        { .launcher = to_fill_in(deployment.launcher_digest, text, "{{LAUNCHER_IMAGE_HASH}}"),
            .image = to_fill_in(deployment.image_digest, text, "{{DEFAULT_IMAGE_DIGEST_HASH}}"),
            .launcher_given_by = is_env_file ? "LAUNCHER_MANIFEST_DIGEST" : "launcher_digest",
            .image_given_by = is_env_file ? "MPC_MANIFEST_DIGEST" : "image_digest" })
        .in(deployment.compose.string());
}

dstack::AppComposeOptions app_compose_of(vmm::Deployment const& deployment, std::string const& compose)
{
    return { .name = deployment.name,
        .docker_compose_file = compose,
        .local_key_provider_enabled = deployment.disk_key == vmm::DiskKey::Local,
        .public_logs = deployment.public_logs,
        .public_sysinfo = deployment.public_sysinfo,
        .no_instance_id = deployment.no_instance_id,
        .secure_time = deployment.secure_time };
}

}  // namespace

Result<vmm::Wanted> read_deployment(DeploymentInput const& input)
{
    if (!input.file && !input.env_file)
        return Error(ErrorKind::Invalid, "no deployment was named")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("give --file deployment.toml, or --env-file with --template");
    auto deployment = input.file ? read_toml(*input.file) : read_env(*input.env_file, input);
    vmm::Wanted wanted;
    wanted.deployment = TRY(std::move(deployment));
    wanted.compose = TRY(compose_of(wanted.deployment, !input.file));
    wanted.app_compose = TRY(dstack::write_app_compose(app_compose_of(wanted.deployment, wanted.compose)));
    wanted.user_config = Secret(TRY(read_file(wanted.deployment.user_config, file_limit).in("user_config")));
    return wanted;
}

VmmOptions with_vmm_of(VmmOptions options, vmm::Deployment const& deployment)
{
    if (!options.choice.address && !options.choice.context) {
        options.choice.address = deployment.vmm;
        options.choice.context = deployment.context;
    }
    return options;
}

Result<vmm::Existing> ask_what_exists(vmm::Client& client)
{
    vmm::Existing existing;
    existing.vms = TRY(from_other_side(client.list()));
    existing.images = TRY(from_other_side(client.images()));
    return existing;
}

Result<vmm::Existing> ask_what_exists(vmm::Client& client, vmm::Deployment const& deployment,
    std::string const& address)
{
    auto existing = TRY(ask_what_exists(client));
    existing.address = address;
    if (!deployment.ports.empty())
        existing.forwards_ports = TRY(from_other_side(client.forwards_ports()));
    if (looks_local(address))
        existing.port_troubles = port_troubles(deployment.ports);
    return existing;
}

}  // namespace mpc::ctl
