#include "vmm/user_config_changes.h"

#include <map>

#include "config/key_value_lines.h"
#include "config/text.h"
#include "config/toml_values.h"
#include "config/user_config.h"

namespace mpc::vmm {

namespace {

constexpr auto hidden = "(not shown)";

struct Setting {
    std::string name;  ///< fit to be shown
    Secret value;
};
using Settings = std::map<std::string, Setting>;  ///< by what tells them apart

struct UserConfig {
    std::optional<std::string> override_digest;
    Settings settings;  ///< without the override
};

std::string shown(std::string_view name)
{
    return config::is_plausible_name(name) ? std::string(name) : std::string("(a key)");
}

bool is_override(std::string_view name)
{
    return name == "launcher_config.mpc_hash_override" || name == "MPC_HASH_OVERRIDE"
        || name == "ENV_VAR_MPC_HASH_OVERRIDE";
}

/// The values of a TOML table and of those in it, at most as deep as the document may be.
void gather(json::Object const& table, std::string const& path, std::string const& name, Settings& settings)
{
    for (auto const& [key, value] : table) {
        auto const own_path = path + '\0' + key;
        auto const own_name = (name.empty() ? "" : name + ".") + shown(key);
        if (value.object())
            gather(*value.object(), own_path, own_name, settings);
        else if (!is_override(own_name))
            settings.emplace(own_path, Setting { own_name, Secret(json::write(value)) });
    }
}

Result<Settings> settings_of(std::string_view text, config::UserConfig const& user)
{
    Settings settings;
    if (std::holds_alternative<config::NodeConfigFile>(user.node)) {
        gather(TRY(config::read_toml_values(text)), "", "", settings);
        return settings;
    }
    config::Notes notes;
    for (auto const& [key, setting] : TRY(config::read_lines(text, notes)))
        if (!is_override(key))
            settings.emplace(key, Setting { shown(key), setting.value });
    return settings;
}

Result<UserConfig> read(std::string_view text)
{
    auto const user = TRY(config::read_user_config(text, config::Platform::Tee));
    auto settings = TRY(settings_of(text, user));
    return UserConfig { user.override_digest ? std::optional(user.override_digest->text()) : std::nullopt,
        std::move(settings) };
}

}  // namespace

std::vector<Change> user_config_changes(std::string_view before, std::string_view after)
{
    auto const old = read(before);
    auto const now = read(after);
    if (!old.ok() || !now.ok())
        return { { "user_config", "(another)", "(this one)" } };
    std::vector<Change> changes;
    if (old->override_digest != now->override_digest)
        changes.push_back({ "user_config: image override", old->override_digest, now->override_digest });
    for (auto const& [path, setting] : now->settings) {
        auto const was = old->settings.find(path);
        if (was == old->settings.end())
            changes.push_back({ "user_config: " + setting.name, std::nullopt, hidden });
        else if (was->second.value != setting.value)
            changes.push_back({ "user_config: " + setting.name, hidden, "(another)" });
    }
    for (auto const& [path, setting] : old->settings)
        if (!now->settings.contains(path))
            changes.push_back({ "user_config: " + setting.name, hidden, std::nullopt });
    if (changes.empty())
        changes.push_back({ "user_config", "(the same settings)", "(written otherwise)" });
    return changes;
}

}  // namespace mpc::vmm
