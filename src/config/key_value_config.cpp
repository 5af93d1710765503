#include "config/key_value_config.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "config/key_value_lines.h"
#include "config/node_variables.h"
#include "config/text.h"

namespace mpc::config {

namespace {

constexpr std::string_view default_image = "nearone/mpc-node";
constexpr std::string_view default_tag = "latest";
constexpr std::size_t most_tags = 64;
constexpr std::size_t most_ports = 1024;

/// A setting of the launcher's own, under the name by which it was given.
struct Given {
    std::string key;
    std::string value;
};

/// A setting that was renamed over time. Errors: Invalid when both names are given and differ.
Result<std::optional<Given>> find(Settings const& settings, std::string_view later, std::string_view earlier)
{
    auto const a = settings.find(later);
    auto const b = settings.find(earlier);
    if (a != settings.end() && b != settings.end() && a->second.value != b->second.value)
        return Error(ErrorKind::Invalid, fmt::format("{} and {} are both given and differ", later, earlier))
            .remedy(fmt::format("Keep {} and remove the other; they are two names of one setting.", later));
    auto const given = a != settings.end() ? a : b;
    if (given == settings.end())
        return std::optional<Given>();
    return std::optional(Given { given->first, given->second.value.reveal() });
}

Error refuse(Given const& given, std::string const& rule) { return Error(ErrorKind::Invalid, given.key + ": " + rule); }

/// The items of a comma list, trimmed.
std::vector<std::string_view> split(std::string_view list)
{
    std::vector<std::string_view> items;
    while (true) {
        auto const comma = list.find(',');
        items.push_back(trim(list.substr(0, comma)));
        if (comma == list.npos)
            return items;
        list.remove_prefix(comma + 1);
    }
}

bool is_docker_hub(std::string_view registry)
{
    return registry == "registry.hub.docker.com" || registry == "docker.io" || registry == "index.docker.io"
        || registry == "registry-1.docker.io";
}

/// The repository to pull from.
Result<image::Reference> read_image(Settings const& settings, Notes& notes)
{
    auto const given = TRY(find(settings, "MPC_IMAGE_NAME", "LAUNCHER_IMAGE_NAME"));
    auto const registry = TRY(find(settings, "MPC_REGISTRY", "LAUNCHER_REGISTRY"));
    auto const name = given.value_or(Given { "MPC_IMAGE_NAME", std::string(default_image) });
    auto const reference = TRY(image::Reference::parse(name.value).in(name.key));
    if (reference.tag())
        return refuse(name, "it must not hold a tag").remedy("Write the tag into MPC_IMAGE_TAGS.");
    if (given)
        notes.protect(reference);
    if (!registry || is_docker_hub(registry->value))
        return reference;
    auto prefixed = image::Reference::parse(registry->value + "/" + name.value);
    // Without a dot or a port the registry would be read as a part of the path, on Docker Hub.
    if (!prefixed.ok() || prefixed->registry() != registry->value)
        return refuse(*registry, "it must be the host of a registry, with a port if it needs one, and no more")
            .remedy("Write for example ghcr.io or 127.0.0.1:5000, or remove it to use Docker Hub.");
    notes.protect(*prefixed);
    return prefixed;
}

Result<std::vector<std::string>> read_tags(Settings const& settings, Notes& notes)
{
    auto const found = TRY(find(settings, "MPC_IMAGE_TAGS", "LAUNCHER_IMAGE_TAGS"));
    if (!found)
        return std::vector { std::string(default_tag) };
    auto const& given = *found;
    std::vector<std::string> tags;
    auto const items = split(given.value);
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].empty())
            continue;
        if (!image::is_tag(items[i]))
            return refuse(given, "entry " + std::to_string(i + 1) + " is not a tag");
        if (std::ranges::find(tags, items[i]) == tags.end())
            tags.emplace_back(items[i]);
        notes.protect(items[i]);
        if (tags.size() > most_tags)
            return refuse(given, "more than " + std::to_string(most_tags) + " tags");
    }
    if (tags.empty())
        return refuse(given, "it holds no tag");
    return tags;
}

Result<std::optional<image::ImageDigest>> read_override(Settings const& settings, Notes& notes)
{
    auto const given = TRY(find(settings, "MPC_HASH_OVERRIDE", "ENV_VAR_MPC_HASH_OVERRIDE"));
    if (!given || given->value.empty())
        return std::optional<image::ImageDigest>();
    notes.protect(given->value);
    return std::optional(TRY(image::ImageDigest::parse(given->value).in(given->key)));
}

/// Seconds from 0 to an hour, perhaps with a fraction. Errors: Invalid.
Result<std::chrono::milliseconds> read_seconds(Given const& given)
{
    constexpr double most = 3600;
    double seconds = 0;
    auto const* const end = given.value.data() + given.value.size();
    auto const [stop, error] = std::from_chars(given.value.data(), end, seconds);
    if (error != std::errc() || stop != end || !std::isfinite(seconds) || seconds < 0 || seconds > most)
        return refuse(given, "it must be a number of seconds from 0 to 3600");
    return std::chrono::milliseconds(std::lround(seconds * 1000));
}

/// Errors: Invalid.
Result<std::uint32_t> read_attempts(Given const& given)
{
    constexpr std::uint32_t most = 1000;
    std::uint32_t attempts = 0;
    auto const* const end = given.value.data() + given.value.size();
    auto const [stop, error] = std::from_chars(given.value.data(), end, attempts);
    if (error != std::errc() || stop != end || attempts < 1 || attempts > most)
        return refuse(given, "it must be a whole number from 1 to 1000");
    return attempts;
}

Result<PullPolicy> read_pull_policy(Settings const& settings)
{
    // The defaults of the form's own time (case B8): 20 attempts, 1 s apart at first, 10 s for each answer.
    PullPolicy policy { .max_retries = 19,
        .interval = std::chrono::seconds(1),
        .max_delay = std::chrono::seconds(60),
        .request_timeout = std::chrono::seconds(10) };
    if (auto const given = TRY(find(settings, "RPC_MAX_ATTEMPTS", "RPC_MAX_ATTEMPTS")))
        policy.max_retries = TRY(read_attempts(*given)) - 1;
    if (auto const given = TRY(find(settings, "RPC_REQUEST_INTERVAL_SECS", "RPC_REQUST_INTERVAL_SECS")))
        policy.interval = TRY(read_seconds(*given));
    policy.max_delay = std::max(policy.max_delay, policy.interval);
    if (auto const given = TRY(find(settings, "RPC_REQUEST_TIMEOUT_SECS", "RPC_REQUST_TIMEOUT_SECS"))) {
        policy.request_timeout = TRY(read_seconds(*given));
        if (policy.request_timeout == std::chrono::milliseconds::zero())
            return refuse(*given, "it must be more than 0");
    }
    return policy;
}

/// One to five digits from 1 to 65535, or nothing.
std::optional<std::uint16_t> read_port(std::string_view text)
{
    std::uint16_t port = 0;
    auto const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, port);
    if (text.size() > 5 || error != std::errc() || stop != end || port == 0)
        return std::nullopt;
    return port;
}

std::optional<PortMapping> read_mapping(std::string_view text)
{
    auto const colon = text.find(':');
    if (colon == text.npos)
        return std::nullopt;
    auto const host = read_port(text.substr(0, colon));
    auto const container = read_port(text.substr(colon + 1));
    if (!host || !container)
        return std::nullopt;
    return PortMapping { *host, *container };
}

Result<std::vector<PortMapping>> read_ports(Settings const& settings, Notes& notes)
{
    std::vector<PortMapping> ports;
    auto const given = settings.find("PORTS");
    if (given == settings.end() || given->second.value.size() == 0)
        return ports;
    auto const items = split(given->second.value.reveal());
    if (items.size() > most_ports)
        return Error(ErrorKind::Invalid, "PORTS: more than " + std::to_string(most_ports) + " entries");
    for (std::size_t i = 0; i < items.size(); ++i) {
        auto const entry = "PORTS, entry " + std::to_string(i + 1);
        auto const mapping = read_mapping(items[i]);
        if (!mapping) {
            notes.warn(entry + " is not <host port>:<container port> and is ignored");
            notes.protect(items[i]);
            continue;
        }
        auto const same = std::ranges::find(ports, mapping->host, &PortMapping::host);
        if (same == ports.end())
            ports.push_back(*mapping);
        else if (*same == *mapping)
            notes.warn(entry + " repeats an earlier one");
        else
            return Error(ErrorKind::Invalid, entry + " gives a host port to a second container port")
                .remedy("Publish each host port once.");
    }
    return ports;
}

}  // namespace

Result<UserConfig> read_key_value(std::string_view content)
{
    Notes notes;
    auto const settings = TRY(read_lines(content, notes));
    auto const image = TRY(read_image(settings, notes));
    auto tags = TRY(read_tags(settings, notes));
    auto ports = TRY(read_ports(settings, notes));
    auto const override_digest = TRY(read_override(settings, notes));
    auto const pull = TRY(read_pull_policy(settings));
    auto variables = TRY(read_variables(settings, notes));
    return UserConfig { .image = image,
        .tags = std::move(tags),
        .ports = std::move(ports),
        .override_digest = override_digest,
        .pull = pull,
        .node = NodeEnvironment { std::move(variables) },
        .warnings = notes.take_warnings(),
        .sensitive = notes.take_sensitive() };
}

}  // namespace mpc::config
