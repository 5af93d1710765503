#include "attestation/app_compose.h"

#include "base/log.h"

namespace mpc::attestation {

namespace {

constexpr json::Limits limits { .bytes = 1 << 20, .depth = 32 };

/// A member that must be this truth value; absent ones count as `absent`, where the schema has a default.
struct Flag {
    std::string_view name;
    bool expected;
    std::optional<bool> absent;
};

constexpr Flag flags[] = {
    { "kms_enabled", false, false },
    { "gateway_enabled", false, std::nullopt },
    { "tproxy_enabled", false, false },
    { "public_logs", true, std::nullopt },
    { "public_sysinfo", true, std::nullopt },
    { "local_key_provider_enabled", true, std::nullopt },
    { "no_instance_id", true, std::nullopt },
};

constexpr std::string_view forbidden_scripts[] = { "pre_launch_script", "init_script", "bash_script" };

bool holds(json::Object const& app_compose, Flag const& flag)
{
    auto const* value = app_compose.find(flag.name);
    if (!value)
        return flag.absent == flag.expected;
    return value->boolean() && *value->boolean() == flag.expected;
}

std::optional<std::string> broken_script_rule(json::Object const& app_compose)
{
    for (auto const name : forbidden_scripts) {
        auto const* value = app_compose.find(name);
        if (value && !value->is_null())
            return std::string(name) + " is there: nothing may run before the containers";
    }
    auto const* environment = app_compose.find("allowed_envs");
    if (environment && (!environment->array() || !environment->array()->empty()))
        return std::string("allowed_envs is not empty: nothing unmeasured may reach the containers");
    return std::nullopt;
}

}  // namespace

Result<json::Object> parse_app_compose(std::string_view text)
{
    return json::read_object(text, limits).in("app-compose");
}

std::optional<std::string> broken_rule(json::Object const& app_compose)
{
    auto const known = app_compose.allow_only({ "manifest_version", "name", "runner", "docker_compose_file",
        "kms_enabled", "gateway_enabled", "tproxy_enabled", "local_key_provider_enabled", "key_provider",
        "key_provider_id", "public_logs", "public_sysinfo", "public_tcbinfo", "allowed_envs", "no_instance_id",
        "secure_time", "features", "storage_fs", "swap_size", "port_policy", "docker_config", "pre_launch_script",
        "init_script", "bash_script" });
    if (!known.ok())
        return printable(known.error().message(), 120);
    auto const* version = app_compose.find("manifest_version");
    if (!version || !version->number() || *version->number() != 2)
        return std::string("manifest_version is not the number 2");
    auto const* runner = app_compose.find("runner");
    if (!runner || !runner->text() || *runner->text() != "docker-compose")
        return std::string("runner is not \"docker-compose\"");
    for (auto const& flag : flags) {
        if (!holds(app_compose, flag))
            return std::string(flag.name) + " is not " + (flag.expected ? "true" : "false");
    }
    return broken_script_rule(app_compose);
}

}  // namespace mpc::attestation
