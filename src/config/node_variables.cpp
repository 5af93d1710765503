#include "config/node_variables.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/nearest.h"
#include "config/text.h"

namespace mpc::config {

namespace {

constexpr std::size_t most_variables = 64;
constexpr std::size_t most_bytes = 32768;  // names, '=' and values together
constexpr std::size_t longest_value = 1024;
// A list of boot nodes is longer than 1024 bytes even in the example that the network publishes.
constexpr std::size_t longest_boot_nodes = 16384;

constexpr std::array<std::string_view, 14> launcher_keys { "ENV_VAR_MPC_HASH_OVERRIDE", "LAUNCHER_IMAGE_NAME",
    "LAUNCHER_IMAGE_TAGS", "LAUNCHER_REGISTRY", "MPC_HASH_OVERRIDE", "MPC_IMAGE_NAME", "MPC_IMAGE_TAGS", "MPC_REGISTRY",
    "PORTS", "RPC_MAX_ATTEMPTS", "RPC_REQUEST_INTERVAL_SECS", "RPC_REQUEST_TIMEOUT_SECS", "RPC_REQUST_INTERVAL_SECS",
    "RPC_REQUST_TIMEOUT_SECS" };

template <std::size_t N>
bool contains(std::array<std::string_view, N> const& names, std::string_view name)
{
    return std::ranges::find(names, name) != names.end();
}

/// The launcher's own variables that the allow-list would let through.
bool is_reserved(std::string_view key) { return key == "MPC_IMAGE_HASH" || key == "MPC_LATEST_ALLOWED_HASH_FILE"; }

/// The launcher's own variables that it would not.
bool is_set_by_launcher(std::string_view key)
{
    return key == "IMAGE_HASH" || key == "LATEST_ALLOWED_HASH_FILE" || key == "DSTACK_ENDPOINT";
}

bool is_private_key(std::string_view key) { return key == "MPC_P2P_PRIVATE_KEY" || key == "MPC_ACCOUNT_SK"; }

bool is_allowed(std::string_view key)
{
    if (key == "RUST_LOG" || key == "RUST_BACKTRACE" || key == "NEAR_BOOT_NODES")
        return true;
    constexpr std::string_view prefix = "MPC_";
    if (!key.starts_with(prefix))
        return false;
    key.remove_prefix(prefix.size());
    return !key.empty() && key.size() <= 64
        && key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == key.npos;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; }

/// Why a variable does not reach the node; empty when it does.
std::string_view why_dropped(std::string_view key, std::string_view value)
{
    if (is_private_key(key))
        return "is dropped: the node makes its private keys itself, and user_config is readable on the host";
    if (is_set_by_launcher(key))
        return "is dropped: the launcher sets it";
    if (!is_allowed(key))
        return "is dropped: it is neither a setting of the launcher nor a variable that the node may be given";
    if (key.find("LD_PRELOAD") != key.npos || value.find("LD_PRELOAD") != value.npos)
        return "is dropped: it mentions LD_PRELOAD";
    if (std::ranges::any_of(value, is_control))
        return "is dropped: its value has control characters";
    if (value.size() > (key == "NEAR_BOOT_NODES" ? longest_boot_nodes : longest_value))
        return "is dropped: its value is too long";
    return {};
}

/// A hint when a key is a slip away from one of the launcher's; else empty.
std::string suggestion(std::string_view key)
{
    if (!is_plausible_name(key))
        return {};
    auto const known = nearest(key, launcher_keys);
    return known.distance <= 2 ? "; did you mean " + std::string(known.name) + "?" : std::string();
}

Error reserved(std::string const& key)
{
    return Error(ErrorKind::Invalid, key + " is reserved: the launcher sets it to what it measures")
        .remedy("Remove it from user_config.");
}

void drop(Settings::value_type const& setting, std::string_view reason, Notes& notes)
{
    auto const& [key, content] = setting;
    notes.warn(name_of(setting) + " " + std::string(reason) + suggestion(key));
    if (!is_plausible_name(key) || content.value.size() < 2) {  // perhaps a value in the wrong place
        notes.protect(key);
        notes.protect(key + "=" + content.value.reveal());
    }
}

}  // namespace

bool is_launcher_key(std::string_view key) { return contains(launcher_keys, key); }

Result<std::vector<EnvironmentVariable>> read_variables(Settings const& settings, Notes& notes)
{
    std::vector<EnvironmentVariable> variables;
    std::size_t bytes = 0;
    for (auto const& setting : settings) {
        auto const& [key, content] = setting;
        if (is_launcher_key(key))
            continue;
        if (is_reserved(key))
            return reserved(key);
        notes.protect(content.value.reveal());
        if (auto const reason = why_dropped(key, content.value.reveal()); !reason.empty()) {
            drop(setting, reason, notes);
            continue;
        }
        if (auto const hint = suggestion(key); !hint.empty())
            notes.warn(key + " is passed to the node as it is" + hint);
        bytes += key.size() + 1 + content.value.size();
        variables.push_back({ key, content.value });
    }
    if (variables.size() > most_variables)
        return Error(ErrorKind::Invalid, fmt::format("more than {} variables for the node", most_variables));
    if (bytes > most_bytes)
        return Error(ErrorKind::Invalid, fmt::format("more than {} bytes of variables for the node", most_bytes));
    return variables;
}

}  // namespace mpc::config
