#include "vmm/digest_override.h"

#include <algorithm>

#include "config/text.h"
#include "config/user_config.h"

namespace mpc::vmm {

namespace {

using config::UserConfig;

constexpr auto platform = config::Platform::Tee;

/// How one form of user_config writes an override.
struct Form {
    std::vector<std::string_view> names;  ///< of the setting, the first is the one to add
    std::string_view table;               ///< at whose head it may be added; empty: at the end of the text
    std::string assignment;
};

Form form_of(UserConfig const& config, image::ImageDigest const& digest)
{
    if (std::holds_alternative<config::NodeConfigFile>(config.node))
        return { { "mpc_hash_override" }, "launcher_config", "mpc_hash_override = \"" + digest.text() + "\"" };
    return { { "MPC_HASH_OVERRIDE", "ENV_VAR_MPC_HASH_OVERRIDE" }, "", "MPC_HASH_OVERRIDE=" + digest.text() };
}

/// What follows a name at the beginning of a text, bare or in quotes; nullopt when another begins it.
std::optional<std::string_view> after_name(std::string_view text, std::string_view name)
{
    text = config::trim(text);
    auto const quote = text.starts_with('"') || text.starts_with('\'') ? text.substr(0, 1) : std::string_view();
    for (auto const part : { quote, name, quote }) {
        if (!text.starts_with(part))
            return std::nullopt;
        text.remove_prefix(part.size());
    }
    return config::trim(text);
}

bool assigns(std::string_view line, Form const& form)
{
    return std::ranges::any_of(form.names, [&](std::string_view name) {
        auto const rest = after_name(line, name);
        return rest && rest->starts_with('=');
    });
}

/// Whether a line is the header of the table: [launcher_config], with the blanks, quotes and comment that TOML allows.
bool begins_table(std::string_view line, std::string_view name)
{
    line = config::trim(line);
    if (name.empty() || !line.starts_with('['))
        return false;
    auto const rest = after_name(line.substr(1), name);
    if (!rest || !rest->starts_with(']'))
        return false;
    auto const comment = config::trim(rest->substr(1));
    return comment.empty() || comment.starts_with('#');
}

/// The text with the assignment in the place of the first line that assigns, or added. Only a proposal: what looks like
/// a line may be a part of a longer text.
std::string proposal(std::string_view text, Form const& form)
{
    std::string changed;
    bool done = false;
    for (auto rest = text; !rest.empty();) {
        auto const line = config::take_line(rest);
        bool const replaces = assigns(line, form);
        if (!replaces)
            changed.append(line).append("\n");
        if (!done && (replaces || begins_table(line, form.table))) {
            changed.append(form.assignment).append("\n");
            done = true;
        }
    }
    return done ? changed : changed + form.assignment + "\n";
}

/// Whether two configurations come to the same but for the override.
bool same_otherwise(UserConfig const& one, UserConfig const& other)
{
    auto const variables = [](UserConfig const& config) {
        std::vector<std::pair<std::string, Secret>> all;
        if (auto const* node = std::get_if<config::NodeEnvironment>(&config.node)) {
            for (auto const& [name, value] : node->variables)
                all.emplace_back(name, value);
        }
        return all;
    };
    auto const file = [](UserConfig const& config) {
        auto const* node = std::get_if<config::NodeConfigFile>(&config.node);
        return node ? node->content : Secret();
    };
    return one.node.index() == other.node.index() && one.image == other.image && one.tags == other.tags
        && one.ports == other.ports && one.pull.max_retries == other.pull.max_retries
        && one.pull.interval == other.pull.interval && one.pull.max_delay == other.pull.max_delay
        && one.pull.request_timeout == other.pull.request_timeout && variables(one) == variables(other)
        && file(one) == file(other);
}

}  // namespace

Result<Secret> with_override(std::string_view user_config, image::ImageDigest const& digest)
{
    auto const before = TRY(config::read_user_config(user_config, platform).in("user_config"));
    if (before.override_digest == digest)
        return Secret(std::string(user_config));
    Secret changed(proposal(user_config, form_of(before, digest)));
    auto const after = config::read_user_config(changed.reveal(), platform);
    if (!after.ok() || after->override_digest != digest || !same_otherwise(before, *after))
        return Error(ErrorKind::Invalid, "user_config: its override cannot be set without changing more")
            .remedy("write the new user_config yourself, with mpc_hash_override on a line of its own, and give it with "
                    "--user-config");
    return changed;
}

}  // namespace mpc::vmm
