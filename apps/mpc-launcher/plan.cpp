#include "plan.h"

#include <sys/stat.h>

#include <fmt/format.h>

#include "base/fd.h"
#include "config/user_config.h"

namespace mpc::launcher {

namespace {

constexpr std::size_t user_config_limit = std::size_t { 1 } << 20;

bool is_there(std::filesystem::path const& path)
{
    struct stat status {};
    return lstat(path.c_str(), &status) == 0;
}

std::filesystem::path user_config_path(Environment const& environment)
{
    if (environment.user_config)
        return *environment.user_config;
    return is_there("/tapp/user_config") || !is_there("/dstack/user_config") ? "/tapp/user_config"
                                                                             : "/dstack/user_config";
}

Result<config::UserConfig> read_configuration(Environment const& environment)
{
    auto const path = user_config_path(environment);
    auto const content = TRY(read_file(path, user_config_limit)
            .exit_as(ExitCode::Config)
            .remedy("give the CVM a user_config (dstack puts it there from the VM's configuration), or --user-config"));
    return config::read_user_config(content, environment.platform).in(path.string()).exit_as(ExitCode::Config);
}

Result<void> require_shared_directory(std::filesystem::path const& path)
{
    struct stat status {};
    if (stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
        return ok;
    return Error(ErrorKind::NotFound, fmt::format("SHARED_DIR: {} is not a directory", path.string()))
        .exit_as(ExitCode::Environment)
        .remedy("mount the volume shared-volume at /mnt/shared, writable, in the launcher's compose file");
}

std::string_view text_of(image::ApprovedForm form)
{
    switch (form) {
    case image::ApprovedForm::Json: return "JSON";
    case image::ApprovedForm::PrefixedText: return "text of November 2025";
    case image::ApprovedForm::BareText: return "bare text of before November 2025";
    }
    return "unknown";
}

json::Object describe_node(config::UserConfig const& user)
{
    if (auto const* environment = std::get_if<config::NodeEnvironment>(&user.node)) {
        json::Array names;
        for (auto const& variable : environment->variables)
            names.push_back(variable.name);
        return { { "form", "environment" }, { "variables", names } };
    }
    return { { "form", "file" }, { "path", node_config_file } };
}

}  // namespace

std::string_view text_of(image::Choice choice)
{
    switch (choice) {
    case image::Choice::Newest: return "newest approved";
    case image::Choice::Override: return "override";
    case image::Choice::Default: return "default";
    }
    return "unknown";
}

Result<LaunchPlan> make_plan(Environment environment)
{
    auto user = TRY(read_configuration(environment));
    TRY(require_shared_directory(environment.shared_directory));
    auto const approved = TRY(image::read_approved(environment.shared_directory));
    auto const selection = TRY(image::select(approved, user.override_digest, environment.default_digest));
    return LaunchPlan {
        .environment = std::move(environment),
        .user = std::move(user),
        .selection = selection,
        .approved_form = approved ? std::optional(approved->form) : std::nullopt,
    };
}

json::Object describe(LaunchPlan const& plan)
{
    auto const& user = plan.user;
    json::Array tags;
    for (auto const& tag : user.tags)
        tags.push_back(tag);
    json::Array ports;
    for (auto const& port : user.ports)
        ports.push_back(json::Object { { "host", port.host }, { "container", port.container } });
    json::Array warnings;
    for (auto const& warning : user.warnings)
        warnings.push_back(warning);
    return {
        { "platform", plan.is_tee() ? "TEE" : "NONTEE" },
        { "image_digest", plan.selection.digest.text() },
        { "choice", text_of(plan.selection.choice) },
        { "approved_file", plan.approved_form ? json::Value(text_of(*plan.approved_form)) : json::Value() },
        { "image", user.image.repository() },
        { "tags", tags },
        { "ports", ports },
        { "container_name", plan.environment.container_name },
        { "hardening", plan.environment.hardening == Hardening::Strict ? "strict" : "standard" },
        { "node_configuration", describe_node(user) },
        { "warnings", warnings },
    };
}

}  // namespace mpc::launcher
