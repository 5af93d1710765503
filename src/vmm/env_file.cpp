#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "base/log.h"
#include "base/trim.h"
#include "dstack/app_compose.h"
#include "vmm/deployment.h"

namespace mpc::vmm {

namespace {

constexpr std::size_t size_limit = std::size_t { 1 } << 20;
constexpr std::string_view blanks = " \t\r";

/// What deploy-launcher.sh forwards: the variable of the host's side, that of the VM's or its number.
struct ForwardedPort {
    char const* external;
    char const* internal;
    std::uint16_t fixed;
};
constexpr ForwardedPort forwarded_ports[] = {
    { "EXTERNAL_DSTACK_AGENT_PORT", nullptr, 8090 },
    { "EXTERNAL_SSH_PORT", nullptr, 22 },
    { "EXTERNAL_MPC_PUBLIC_DEBUG_PORT", "INTERNAL_MPC_PUBLIC_DEBUG_PORT", 0 },
    { "EXTERNAL_MPC_LOCAL_DEBUG_PORT", "INTERNAL_MPC_LOCAL_DEBUG_PORT", 0 },
    { "EXTERNAL_MPC_DECENTRALIZED_STATE_SYNC", "INTERNAL_MPC_DECENTRALIZED_STATE_SYNC", 0 },
    { "EXTERNAL_MPC_MAIN_PORT", "INTERNAL_MPC_MAIN_PORT", 0 },
    { "EXTERNAL_MPC_MIGRATION_PORT", "INTERNAL_MPC_MIGRATION_PORT", 0 },
};
constexpr std::string_view other_keys[] = { "APP_NAME", "VMM_RPC", "SEALING_KEY_TYPE", "OS_IMAGE",
    "LAUNCHER_MANIFEST_DIGEST", "MPC_MANIFEST_DIGEST", "USER_CONFIG_FILE_PATH", "DISK" };

/// The variables, and which of them have been asked for.
class Variables {
public:
    Result<void> add(std::string key, std::string value)
    {
        if (!m_values.emplace(key, std::move(value)).second)
            return Error(ErrorKind::Invalid, key + " is set twice").remedy("keep the line that is meant");
        return ok;
    }
    [[nodiscard]] std::string const* find(std::string const& key) const
    {
        auto const found = m_values.find(key);
        return found == m_values.end() || found->second.empty() ? nullptr : &found->second;
    }
    [[nodiscard]] Result<std::string> require(std::string const& key) const
    {
        if (auto const* value = find(key))
            return *value;
        return Error(ErrorKind::Invalid, key + " is not set").remedy("set " + key + ", as deploy-launcher.sh needs it");
    }
    [[nodiscard]] std::map<std::string, std::string> const& all() const { return m_values; }

private:
    std::map<std::string, std::string> m_values;
};

bool is_key(std::string_view text)
{
    return !text.empty() && text.size() <= 255 && !(text[0] >= '0' && text[0] <= '9')
        && std::ranges::all_of(text, [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
           });
}

Error shell_syntax()
{
    return Error(ErrorKind::Invalid, "has what only a shell understands")
        .remedy("write the value itself: the file is read, not run");
}

/// The value of a line's right side: bare, '...' or "...", and after it nothing but a comment.
Result<std::string> value_of(std::string_view text)
{
    bool const is_quoted = text.starts_with('"') || text.starts_with('\'');
    auto const quote = is_quoted ? text[0] : ' ';
    auto const end = is_quoted ? text.find(quote, 1) : std::min(text.find_first_of(blanks), text.size());
    if (end == std::string_view::npos)
        return Error(ErrorKind::Invalid, "a quote is not closed").remedy("close it on the same line");
    auto const value = is_quoted ? text.substr(1, end - 1) : text.substr(0, end);
    auto rest = text.substr(is_quoted ? end + 1 : end);
    bool const is_joined = is_quoted && !rest.empty() && blanks.find(rest[0]) == std::string_view::npos;
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    if (is_joined || (!rest.empty() && rest[0] != '#'))
        return shell_syntax();
    auto const forbidden = quote == '\'' ? "" : is_quoted ? "$`\\" : "$`\\;|&<>()\"'*?[]{}~!#";
    if (value.find_first_of(forbidden) != std::string_view::npos)
        return shell_syntax();
    return std::string(value);
}

Result<void> read_line(std::string_view line, Variables& variables)
{
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    if (line.empty() || line[0] == '#')
        return ok;
    if (line.starts_with("export "))
        line.remove_prefix(7);
    auto const equals = line.find('=');
    if (equals == std::string_view::npos || !is_key(line.substr(0, equals)))
        return Error(ErrorKind::Invalid, "is neither KEY=VALUE nor a comment").remedy("the file is read, not run");
    std::string const key(line.substr(0, equals));
    return variables.add(key, TRY(value_of(line.substr(equals + 1)).in(key)));
}

Result<Variables> read_lines(std::string_view content)
{
    if (content.size() > size_limit)
        return Error(ErrorKind::Invalid, "is larger than 1 MiB");
    if (content.find('\0') != std::string_view::npos)
        return Error(ErrorKind::Invalid, "has a NUL byte");
    Variables variables;
    for (std::size_t number = 1; !content.empty(); ++number) {
        auto const end = std::min(content.find('\n'), content.size());
        TRY(read_line(content.substr(0, end), variables).in(fmt::format("line {}", number)));
        content.remove_prefix(std::min(end + 1, content.size()));
    }
    return variables;
}

Result<std::uint16_t> port_number(std::string_view text)
{
    std::uint16_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number == 0)
        return Error(ErrorKind::Invalid, "is no port").remedy("write PORT or ADDRESS:PORT, PORT from 1 to 65535");
    return number;
}

Result<std::optional<PortForward>> read_port(Variables const& variables, ForwardedPort const& names)
{
    auto const* const external = variables.find(names.external);
    if (!external)
        return std::optional<PortForward>();
    PortForward port;
    auto const colon = external->rfind(':');
    if (colon != std::string::npos)
        port.address = external->substr(0, colon);
    in_addr parsed {};
    if (inet_pton(AF_INET, port.address.c_str(), &parsed) != 1)
        return Error(ErrorKind::Invalid, std::string(names.external) + ": the address is not IPv4")
            .remedy("write PORT or ADDRESS:PORT, such as 127.0.0.1:9208");
    port.host =
        TRY(port_number(colon == std::string::npos ? *external : external->substr(colon + 1)).in(names.external));
    port.vm =
        names.internal ? TRY(port_number(TRY(variables.require(names.internal))).in(names.internal)) : names.fixed;
    return std::optional(port);
}

/// As vmm-cli.py reads a disk's size, which the script hands to it: gigabytes unless it says T, and never M.
Result<std::uint32_t> disk_gigabytes(std::string const& text)
{
    std::string const size(trim(text, blanks));
    bool const has_unit = size.find_first_not_of("0123456789.") != std::string::npos;
    auto const megabytes = dstack::parse_megabytes(has_unit ? size : size + "G");
    bool const is_size = megabytes.ok() && text.find_first_of("mM") == std::string::npos && *megabytes % 1024 == 0;
    if (!is_size || *megabytes == 0 || *megabytes / 1024 > 1'000'000)
        return Error(ErrorKind::Invalid, "DISK is not a whole number of gigabytes")
            .remedy("write it as 1000 or 1000G, or as 2T");
    return static_cast<std::uint32_t>(*megabytes / 1024);
}

void note_unknown_keys(Variables const& variables, Deployment& deployment)
{
    for (auto const& [key, value] : variables.all()) {
        bool const is_port = std::ranges::any_of(forwarded_ports,
            [&](auto const& names) { return key == names.external || (names.internal && key == names.internal); });
        if (!is_port && std::ranges::find(other_keys, key) == std::end(other_keys))
            deployment.notes.push_back("env file: " + printable(key, 80) + " is not used");
    }
}

Result<Deployment> read(Variables const& variables)
{
    Deployment deployment { .vcpu = 8, .memory_mb = 64 * 1024 };
    deployment.name = TRY(variables.require("APP_NAME"));
    deployment.vmm = TRY(variables.require("VMM_RPC"));
    deployment.os_image = TRY(variables.require("OS_IMAGE"));
    deployment.user_config = TRY(variables.require("USER_CONFIG_FILE_PATH"));
    deployment.disk_gb = TRY(disk_gigabytes(TRY(variables.require("DISK"))));
    if (TRY(variables.require("SEALING_KEY_TYPE")) != "SGX")
        return Error(ErrorKind::Invalid, "SEALING_KEY_TYPE is not SGX")
            .remedy("the network accepts SGX alone; for a KMS use dstack's own tool");
    deployment.launcher_digest = TRY(
        image::ImageDigest::parse(TRY(variables.require("LAUNCHER_MANIFEST_DIGEST"))).in("LAUNCHER_MANIFEST_DIGEST"));
    deployment.image_digest =
        TRY(image::ImageDigest::parse(TRY(variables.require("MPC_MANIFEST_DIGEST"))).in("MPC_MANIFEST_DIGEST"));
    for (auto const& names : forwarded_ports) {
        if (auto const port = TRY(read_port(variables, names)))
            deployment.ports.push_back(*port);
        else
            deployment.notes.push_back(fmt::format("env file: without {} that port is not forwarded", names.external));
    }
    note_unknown_keys(variables, deployment);
    return deployment;
}

}  // namespace

Result<Deployment> parse_env_file(std::string_view content)
{
    return read(TRY(read_lines(content).in("env file"))).in("env file");
}

}  // namespace mpc::vmm
