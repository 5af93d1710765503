#include "dstack/app_compose.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "base/trim.h"

namespace mpc::dstack {

namespace {

constexpr std::uint64_t bytes_in_megabyte = std::uint64_t { 1 } << 20;
constexpr std::size_t most_names = 1024;  // of dstack's guest, as is the next one
constexpr std::size_t longest_name = 255;
constexpr std::size_t guest_limit = 256 * 1024;      // of 0.5.5 to 0.5.11
constexpr std::size_t old_guest_limit = 128 * 1024;  // up to 0.5.4

/// An object of one level, indented by four spaces, as Python's json writes it when it keeps UTF-8.
class Writer {
public:
    void number(std::string_view name, std::uint64_t value) { member(name, std::to_string(value)); }
    void flag(std::string_view name, bool value) { member(name, value ? "true" : "false"); }
    void text(std::string_view name, std::string_view value) { member(name, checked(name, value)); }
    void list(std::string_view name, std::vector<std::string> const& values)
    {
        std::string out = "[";
        for (auto const& value : values)
            out += (out.size() == 1 ? "\n        " : ",\n        ") + checked(name, value);
        member(name, values.empty() ? "[]" : out + "\n    ]");
    }

    Result<std::string> finish()
    {
        if (!m_not_utf8.empty())
            return Error(ErrorKind::Invalid, m_not_utf8 + " is not UTF-8 text")
                .remedy("save it as UTF-8; dstack takes nothing else");
        return std::move(m_out) + "\n}";
    }

private:
    void member(std::string_view name, std::string const& value)
    {
        m_out += fmt::format("{}\n    \"{}\": {}", m_out.size() == 1 ? "" : ",", name, value);
    }

    std::string checked(std::string_view name, std::string_view value)
    {
        if (m_not_utf8.empty() && !is_utf8(value))
            m_not_utf8 = name;
        return json_quoted(value);
    }

    std::string m_out = "{";
    std::string m_not_utf8;
};

bool is_name(std::string_view text)
{
    auto const is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
    return !text.empty() && text.size() <= longest_name && is_letter(text.front())
        && std::ranges::all_of(text, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string_view trim(std::string_view text) { return mpc::trim(text, " \t\v\f"); }

/// At most nine decimal digits as a number.
Result<std::uint64_t> digits(std::string_view text)
{
    if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != text.npos)
        return Error(ErrorKind::Invalid, "not a size");
    std::uint64_t value = 0;
    for (char const c : text)
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    return value;
}

/// How many megabytes the unit is; nullopt for none that the tool knows.
std::optional<std::uint64_t> megabytes_of_unit(std::string unit)
{
    std::ranges::transform(unit, unit.begin(),
        [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    if (unit.empty() || unit == "M" || unit == "MB")
        return 1;
    if (unit == "G" || unit == "GB")
        return 1024;
    if (unit == "T" || unit == "TB")
        return 1024 * 1024;
    return std::nullopt;
}

Result<std::uint64_t> exact_megabytes(std::string_view text)
{
    auto const end = std::min(text.find_first_not_of("0123456789."), text.size());
    auto const number = text.substr(0, end);
    auto const factor = megabytes_of_unit(std::string(text.substr(end, 3)));
    if (!factor)
        return Error(ErrorKind::Invalid, "its unit is none of M, G and T");
    auto const point = std::min(number.find('.'), number.size());
    auto const whole = TRY(digits(number.substr(0, point)));
    if (point == number.size())
        return whole * *factor;
    auto const places = number.substr(point + 1);
    auto const fraction = TRY(digits(places)) * *factor;
    std::uint64_t scale = 1;
    for (std::size_t i = 0; i < places.size(); ++i)
        scale *= 10;
    if (fraction % scale != 0)
        return Error(ErrorKind::Invalid, "not a whole number of megabytes");
    return whole * *factor + fraction / scale;
}

Result<void> check(AppComposeOptions const& options)
{
    if (!options.allowed_envs.empty() && !options.kms_enabled)
        return Error(ErrorKind::Invalid, "an environment needs a KMS, which decrypts it in the CVM")
            .remedy("give --kms, or leave the env file away");
    if (options.event_log_version != 1 && options.event_log_version != 2)
        return Error(ErrorKind::Invalid, "event_log_version is neither 1 nor 2");
    if (options.swap_megabytes > std::numeric_limits<std::uint64_t>::max() / bytes_in_megabyte)
        return Error(ErrorKind::Invalid, "swap_size is too large");
    return ok;
}

}  // namespace

char const* name_of(KeyProvider provider)
{
    switch (provider) {
    case KeyProvider::None: return "none";
    case KeyProvider::Kms: return "kms";
    case KeyProvider::Local: return "local";
    case KeyProvider::Tpm: return "tpm";
    }
    return "";
}

Result<KeyProvider> key_provider_named(std::string_view name)
{
    constexpr std::array known { KeyProvider::None, KeyProvider::Kms, KeyProvider::Local, KeyProvider::Tpm };
    auto const* const found =
        std::ranges::find_if(known, [&](KeyProvider provider) { return name_of(provider) == name; });
    if (found == known.end())
        return Error(ErrorKind::Invalid, "not a key provider").remedy("give one of none, kms, local and tpm");
    return *found;
}

Result<std::string> write_app_compose(AppComposeOptions const& options)
{
    TRY(check(options));
    Writer out;
    out.number("manifest_version", 2);
    out.text("name", options.name);
    out.text("runner", "docker-compose");
    out.text("docker_compose_file", options.docker_compose_file);
    out.flag("kms_enabled", options.kms_enabled);
    out.flag("gateway_enabled", options.gateway_enabled);
    out.flag("local_key_provider_enabled", options.local_key_provider_enabled);
    out.text("key_provider_id", options.key_provider_id);
    out.flag("public_logs", options.public_logs);
    out.flag("public_sysinfo", options.public_sysinfo);
    out.list("allowed_envs", options.allowed_envs);
    out.flag("no_instance_id", options.no_instance_id);
    out.flag("secure_time", options.secure_time);
    if (options.key_provider)
        out.text("key_provider", name_of(*options.key_provider));
    if (options.pre_launch_script)
        out.text("pre_launch_script", *options.pre_launch_script);
    if (options.swap_megabytes > 0)
        out.number("swap_size", options.swap_megabytes * bytes_in_megabyte);
    if (options.event_log_version == 2)
        out.number("event_log_version", 2);
    return out.finish();
}

std::vector<std::string> objections(AppComposeOptions const& options, std::size_t size)
{
    std::vector<std::string> found;
    if (options.gateway_enabled && !options.kms_enabled)
        found.emplace_back("gateway_enabled needs kms_enabled: the gateway's certificates come from the KMS");
    auto const& id = options.key_provider_id;
    if (!from_hex(id).ok())
        found.emplace_back("key_provider_id is not hex");
    if (!id.empty() && (options.key_provider == KeyProvider::None || options.key_provider == KeyProvider::Tpm))
        found.emplace_back("key_provider_id must be empty with the key providers none and tpm");
    if (size > guest_limit)
        found.emplace_back("it is larger than the 256 KiB that guests of dstack 0.5.5 to 0.5.11 read");
    else if (size > old_guest_limit)
        found.emplace_back("it is larger than the 128 KiB that guests up to dstack 0.5.4 read");
    return found;
}

Result<std::vector<std::string>> parse_env_names(std::string_view content)
{
    if (content.size() > bytes_in_megabyte)
        return Error(ErrorKind::Invalid, "larger than 1 MiB");
    std::vector<std::string> names;
    std::size_t number = 0;
    while (!content.empty()) {
        ++number;
        // Python reads lines that end in \n, \r\n or \r.
        auto const end = std::min(content.find_first_of("\r\n"), content.size());
        auto const line = trim(content.substr(0, end));
        content.remove_prefix(std::min(end + (content.substr(end).starts_with("\r\n") ? 2 : 1), content.size()));
        auto const equals = line.find('=');
        if (line.starts_with('#') || equals == line.npos)
            continue;
        auto const name = trim(line.substr(0, equals));
        if (!is_name(name))
            return Error(ErrorKind::Invalid, fmt::format("line {}: not a name that dstack's guest takes", number))
                .remedy("write KEY=VALUE, without `export`; a name is letters, digits and _, and begins with no digit");
        if (std::ranges::find(names, name) != names.end())
            continue;
        if (names.size() == most_names)
            return Error(ErrorKind::Invalid, "more than 1024 names");
        names.emplace_back(name);
    }
    return names;
}

Result<std::uint64_t> parse_megabytes(std::string_view text)
{
    return exact_megabytes(trim(text)).remedy("write a size as 4G, 512M or a number of megabytes");
}

}  // namespace mpc::dstack
