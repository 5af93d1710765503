#include "config/key_value_lines.h"

#include "config/text.h"

namespace mpc::config {

namespace {

Error toml_inside(std::size_t line)
{
    return Error(ErrorKind::Invalid, "line " + std::to_string(line) + " is TOML, but the first line is KEY=VALUE")
        .remedy("Begin a TOML user_config with [launcher_config], and remove every line before it.");
}

}  // namespace

std::string name_of(Settings::value_type const& setting)
{
    auto const& [key, content] = setting;
    auto const& value = content.value.reveal();
    // Base64 that ends with '=' or "==" would split into a plausible key and next to nothing.
    if (is_plausible_name(key) && !value.empty() && value != "=")
        return key;
    return "line " + std::to_string(content.line);
}

Result<Settings> read_lines(std::string_view content, Notes& notes)
{
    Settings settings;
    for (std::size_t number = 1; !content.empty(); ++number) {
        auto const line = trim(take_line(content));
        if (line.empty() || line.starts_with('#'))
            continue;
        if (names_toml_table(line))
            return toml_inside(number);
        auto const equals = line.find('=');
        auto const key = trim(line.substr(0, equals));
        if (equals == line.npos || key.empty()) {
            notes.warn("line " + std::to_string(number) + " is not KEY=VALUE and is ignored");
            notes.protect(line);
            continue;
        }
        Setting setting { Secret(std::string(trim(line.substr(equals + 1)))), number };
        auto const [place, is_new] = settings.try_emplace(std::string(key), setting);
        if (is_new)
            continue;
        notes.protect(place->second.value.reveal());
        place->second = std::move(setting);
        notes.warn(name_of(*place) + " is given more than once; the last one, in line " + std::to_string(number)
            + ", is used");
    }
    if (settings.empty())
        return Error(ErrorKind::Invalid, "it holds no KEY=VALUE line and no TOML table")
            .remedy("Write the tables [launcher_config] and [mpc_node_config] into it.");
    return settings;
}

}  // namespace mpc::config
