// What a node is told about the digest it runs as: a TOML table in 2026, variables in 2025.
#include <algorithm>

#include <fmt/format.h>

#include "config/user_config.h"

namespace mpc::config {

namespace {

/// A TOML basic string (TOML 1.0, "String"), with its quotes.
std::string quoted(std::string_view text)
{
    std::string result = "\"";
    for (char const c : text) {
        if (c == '"' || c == '\\')
            (result += '\\') += c;
        else if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f')
            result += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        else
            result += c;
    }
    return result + '"';
}

std::vector<EnvironmentVariable> launcher_variables(Platform platform, image::ImageDigest const& digest,
    std::string_view approved_file, std::string_view dstack_endpoint)
{
    // The names without MPC_ are those of nodes before September 2025.
    std::vector<EnvironmentVariable> variables {
        { "MPC_IMAGE_HASH", Secret(digest.hex()) },
        { "IMAGE_HASH", Secret(digest.hex()) },
        { "MPC_LATEST_ALLOWED_HASH_FILE", Secret(std::string(approved_file)) },
        { "LATEST_ALLOWED_HASH_FILE", Secret(std::string(approved_file)) },
    };
    if (platform == Platform::Tee)
        variables.push_back({ "DSTACK_ENDPOINT", Secret(std::string(dstack_endpoint)) });
    return variables;
}

bool is_launchers(std::string_view name)
{
    return name == "MPC_IMAGE_HASH" || name == "IMAGE_HASH" || name == "MPC_LATEST_ALLOWED_HASH_FILE"
        || name == "LATEST_ALLOWED_HASH_FILE" || name == "DSTACK_ENDPOINT";
}

}  // namespace

std::string render_node_config(NodeConfigFile const& node, Platform platform, image::ImageDigest const& digest,
    std::string_view approved_file, std::string_view dstack_endpoint)
{
    // A header names its table from the root, so the end of a document is a good place whatever stands before it.
    auto text = node.content.reveal();
    if (!text.empty())
        text += '\n';
    text += fmt::format("[tee]\nimage_hash = {}\nlatest_allowed_hash_file_path = {}\n\n[tee.authority]\n",
        quoted(digest.text()), quoted(approved_file));
    if (platform == Platform::Tee)
        text += fmt::format("type = \"dstack\"\ndstack_endpoint = {}\n", quoted(dstack_endpoint));
    else
        text += "type = \"local\"\n";
    return text;
}

std::vector<EnvironmentVariable> node_environment(NodeEnvironment const& node, Platform platform,
    image::ImageDigest const& digest, std::string_view approved_file, std::string_view dstack_endpoint)
{
    auto variables = launcher_variables(platform, digest, approved_file, dstack_endpoint);
    // read_user_config lets none of the launcher's names through; nor does this.
    std::ranges::copy_if(node.variables, std::back_inserter(variables),
        [](auto const& v) { return !is_launchers(v.name); });
    std::ranges::sort(variables, {}, &EnvironmentVariable::name);
    return variables;
}

}  // namespace mpc::config
