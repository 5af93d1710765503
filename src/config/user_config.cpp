#include "config/user_config.h"

#include "base/text.h"
#include "config/key_value_config.h"
#include "config/text.h"
#include "config/toml_config.h"

namespace mpc::config {

namespace {

constexpr std::size_t largest_file = std::size_t { 1 } << 20;

Result<void> check_text(std::string_view content)
{
    if (content.size() > largest_file)
        return Error(ErrorKind::Invalid, "larger than 1 MiB");
    if (content.find('\0') != content.npos)
        return Error(ErrorKind::Invalid, "it has a NUL character").remedy("Write it as plain UTF-8 text.");
    if (!is_utf8(content))
        return Error(ErrorKind::Invalid, "it is not UTF-8").remedy("Write it as plain UTF-8 text.");
    return ok;
}

/// The first line, trimmed, that is neither blank nor a comment; empty when there is none.
std::string_view first_setting(std::string_view content)
{
    while (!content.empty()) {
        auto const line = trim(take_line(content));
        if (!line.empty() && !line.starts_with('#'))
            return line;
    }
    return {};
}

Result<UserConfig> read(std::string_view content, Platform platform)
{
    TRY(check_text(content));
    if (constexpr std::string_view byte_order_mark = "\xef\xbb\xbf"; content.starts_with(byte_order_mark))
        content.remove_prefix(byte_order_mark.size());
    auto const first = first_setting(content);
    if (first.empty())
        return Error(ErrorKind::Invalid, "it is empty, or has nothing but comments")
            .remedy("Write the tables [launcher_config] and [mpc_node_config] into it.");
    if (first.starts_with('[') || names_toml_table(first))
        return read_toml(content, platform);
    return read_key_value(content);
}

}  // namespace

Result<UserConfig> read_user_config(std::string_view content, Platform platform)
{
    return read(content, platform)
        .in("user_config")
        .remedy("Correct user_config at that place, and start the launcher again.")
        .exit_as(ExitCode::Config);
}

}  // namespace mpc::config
