#include "config/toml_config.h"

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>

#include <fmt/format.h>

#include "config/nearest.h"
#include "config/notes.h"
#include "config/text.h"
#include "config/toml.h"
#include "config/toml_depth.h"

namespace mpc::config {

namespace {

constexpr std::size_t most_ports = 1024;

Error refuse(std::string const& what, std::string const& rule) { return { ErrorKind::Invalid, what + " " + rule }; }

/// " (line 3)", or nothing for a table that no line of its own begins.
std::string line_of(toml::source_position at)
{
    return at.line > 0 ? " (line " + std::to_string(at.line) + ")" : std::string();
}
std::string line_of(toml::node const& node) { return line_of(node.source().begin); }

Result<toml::table> parse(std::string_view content)
{
    TRY(check_key_parts(content));
    auto result = toml::parse(content);
    if (result)
        return std::move(result).table();
    // The library's own words may quote the text, so only the place is told.
    auto const at = result.error().source().begin;
    return Error(ErrorKind::Invalid,
        "not valid TOML at line " + std::to_string(at.line) + ", column " + std::to_string(at.column))
        .remedy("Correct the TOML at that place: each key once, text in quotes, one setting a line.");
}

/// Errors: Invalid, with the nearest known key, when the table has any other.
Result<void> allow_only(toml::table const& table, std::string const& where, std::span<std::string_view const> known)
{
    for (auto const& [key, value] : table) {
        auto const name = key.str();
        if (std::ranges::find(known, name) != known.end())
            continue;
        // An implausible name is perhaps a value in the wrong place.
        auto const shown = is_plausible_name(name) ? "the key \"" + std::string(name) + "\"" : "a key";
        auto const meant = nearest(name.substr(0, 64), known).name;
        return refuse(where + ": " + shown + line_of(key.source().begin),
            "is not known; the nearest known key is \"" + std::string(meant) + "\"")
            .remedy("Correct the name of the key, or remove it.");
    }
    return ok;
}

/// Errors: Invalid, when there is no such key.
Result<toml::node const*> require(toml::table const& table, std::string const& where, std::string_view key)
{
    if (auto const* node = table.get(key))
        return node;
    auto const name = (where.empty() ? "" : where + ": ") + std::string(key);
    return refuse(name, "is missing").remedy("Add it to user_config.");
}

Result<toml::table const*> require_table(toml::table const& document, std::string_view key)
{
    auto const* node = TRY(require(document, "", key));
    if (auto const* table = node->as_table())
        return table;
    return refuse(std::string(key) + line_of(*node), "must be a table: [" + std::string(key) + "]");
}

Result<std::string> text_of(toml::node const& node, std::string const& name)
{
    if (auto const* text = node.as_string())
        return text->get();
    return refuse(name + line_of(node), "must be text in quotes");
}

/// A whole number from 0 to `most`, or the default when the key is absent.
Result<std::uint32_t> read_number(toml::table const& table, std::string_view key, std::uint32_t otherwise,
    std::uint32_t most)
{
    auto const* node = table.get(key);
    if (!node)
        return otherwise;
    auto const* number = node->as_integer();
    if (!number || number->get() < 0 || number->get() > most)
        return refuse("launcher_config." + std::string(key) + line_of(*node),
            "must be a whole number from 0 to " + std::to_string(most));
    return static_cast<std::uint32_t>(number->get());
}

Result<PullPolicy> read_pull_policy(toml::table const& launcher)
{
    PullPolicy policy;  // whose defaults are those of case C5
    policy.max_retries = TRY(read_number(launcher, "pull_max_retries", policy.max_retries, 1000));
    policy.interval = std::chrono::seconds(TRY(read_number(launcher, "pull_retry_interval_secs", 2, 3600)));
    policy.max_delay = std::chrono::seconds(TRY(read_number(launcher, "pull_max_delay_secs", 60, 3600)));
    return policy;
}

Result<std::uint16_t> read_port(toml::table const& mapping, std::string const& entry, std::string_view key)
{
    auto const* node = TRY(require(mapping, entry, key));
    auto const* number = node->as_integer();
    if (!number || number->get() < 1 || number->get() > std::numeric_limits<std::uint16_t>::max())
        return refuse(entry + ": " + std::string(key) + line_of(*node),
            "must be a nonzero u16, that is a whole number from 1 to 65535");
    return static_cast<std::uint16_t>(number->get());
}

Result<PortMapping> read_mapping(toml::node const& node, std::string const& entry)
{
    constexpr std::array<std::string_view, 2> known { "host", "container" };
    auto const* mapping = node.as_table();
    if (!mapping)
        return refuse(entry + line_of(node), "must be a table: { host = 8080, container = 8080 }");
    TRY(allow_only(*mapping, entry, known));
    auto const host = TRY(read_port(*mapping, entry, "host"));
    auto const container = TRY(read_port(*mapping, entry, "container"));
    return PortMapping { host, container };
}

Result<std::vector<PortMapping>> read_ports(toml::table const& launcher)
{
    std::string const name = "launcher_config.port_mappings";
    auto const* node = TRY(require(launcher, "launcher_config", "port_mappings"));
    auto const* list = node->as_array();
    if (!list || list->size() > most_ports)
        return refuse(name + line_of(*node), "must be a list of at most 1024 tables { host = ..., container = ... }");
    std::vector<PortMapping> ports;
    for (auto const& item : *list) {
        auto const entry = name + ", entry " + std::to_string(ports.size() + 1);
        auto const mapping = TRY(read_mapping(item, entry));
        auto const same = std::ranges::find(ports, mapping.host, &PortMapping::host);
        if (same != ports.end())
            return refuse(entry + line_of(item),
                "has the same host port as entry " + std::to_string(same - ports.begin() + 1))
                .remedy("Publish each host port once.");
        ports.push_back(mapping);
    }
    return ports;
}

Result<image::Reference> read_image(toml::table const& launcher, Notes& notes)
{
    std::string const name = "launcher_config.image_reference";
    auto const* node = TRY(require(launcher, "launcher_config", "image_reference"));
    auto const text = TRY(text_of(*node, name));
    auto const reference = TRY(image::Reference::parse(text).in(name + line_of(*node)));
    notes.protect(reference);
    return reference;
}

Result<std::optional<image::ImageDigest>> read_override(toml::table const& launcher, Notes& notes)
{
    std::string const name = "launcher_config.mpc_hash_override";
    auto const* node = launcher.get("mpc_hash_override");
    if (!node)
        return std::optional<image::ImageDigest>();
    auto const text = TRY(text_of(*node, name));
    notes.protect(text);
    return std::optional(TRY(image::ImageDigest::parse(text).in(name + line_of(*node))));
}

/// Errors: Invalid, when the node's table has what it must not have.
Result<void> check_node_table(toml::table const& node, Platform platform)
{
    if (auto const* tee = node.get("tee"))
        return refuse("mpc_node_config.tee" + line_of(*tee), "is reserved: the launcher writes it")
            .remedy("Remove [tee] from mpc_node_config.");
    auto const* gcp = node.get("gcp");
    if (gcp && platform == Platform::Tee)
        return refuse("mpc_node_config.gcp" + line_of(*gcp), "is not allowed in TEE mode: it would export key shares")
            .remedy("Remove [gcp] from mpc_node_config.");
    return ok;
}

/// Marks every text and number in the node's table. Its depth was bounded before it was read.
void protect(toml::node const& node, Notes& notes)
{
    node.visit([&](auto const& value) {
        if constexpr (toml::is_table<decltype(value)>) {
            for (auto const& [key, item] : value)
                protect(item, notes);
        } else if constexpr (toml::is_array<decltype(value)>) {
            for (auto const& item : value)
                protect(item, notes);
        } else if constexpr (toml::is_string<decltype(value)>) {
            notes.protect(value.get());
        } else if constexpr (toml::is_number<decltype(value)>) {
            notes.protect(fmt::format("{}", value.get()));
        }
    });
}

/// The node's table as a document of its own, with equal content (cases C1, C4, C19).
Result<Secret> write_node_table(toml::table node)
{
    node.is_inline(false);  // mpc_node_config = { ... } is no document
    std::ostringstream out;
    out << toml::toml_formatter(node, toml::format_flags::allow_unicode_strings);
    auto text = std::move(out).str();
    if (!text.empty() && !text.ends_with('\n'))
        text += '\n';
    // Read again, because a node must not run with another configuration than was asked for. The library writes more
    // levels of values than it reads, and a key such as "'tee'" without its outer quotes, which makes it another key.
    auto const again = toml::parse(text);
    if (!again || again.table() != node)
        return refuse("mpc_node_config", "cannot be passed on unchanged")
            .remedy("Write it with fewer levels of tables in tables, and no quotes, tabs or line ends in keys.");
    return Secret(std::move(text));
}

}  // namespace

Result<UserConfig> read_toml(std::string_view content, Platform platform)
{
    constexpr std::array<std::string_view, 2> tables { "launcher_config", "mpc_node_config" };
    constexpr std::array<std::string_view, 6> settings { "image_reference", "mpc_hash_override", "port_mappings",
        "pull_max_delay_secs", "pull_max_retries", "pull_retry_interval_secs" };
    auto const document = TRY(parse(content));
    TRY(allow_only(document, "top level", tables));
    auto const& launcher = *TRY(require_table(document, "launcher_config"));
    auto const& node = *TRY(require_table(document, "mpc_node_config"));
    TRY(allow_only(launcher, "launcher_config", settings));
    TRY(check_node_table(node, platform));

    Notes notes;
    protect(node, notes);
    auto const image = TRY(read_image(launcher, notes));
    auto ports = TRY(read_ports(launcher));
    auto const override_digest = TRY(read_override(launcher, notes));
    auto const pull = TRY(read_pull_policy(launcher));
    auto file = TRY(write_node_table(node));
    return UserConfig { .image = image,
        .tags = { image.tag().value_or("latest") },
        .ports = std::move(ports),
        .override_digest = override_digest,
        .pull = pull,
        .node = NodeConfigFile { std::move(file) },
        .warnings = notes.take_warnings(),
        .sensitive = notes.take_sensitive() };
}

}  // namespace mpc::config
