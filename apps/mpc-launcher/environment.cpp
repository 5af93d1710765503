#include "environment.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

namespace mpc::launcher {

namespace {

constexpr Setting all_settings[] = {
    { "PLATFORM", "--platform", nullptr, "TEE or NONTEE, exactly" },
    { "DOCKER_CONTENT_TRUST", "--docker-content-trust", nullptr, "must be 1" },
    { "DEFAULT_IMAGE_DIGEST", "--default-image-digest", nullptr, "image digest to run when none is approved yet" },
    { "USER_CONFIG", "--user-config", "", "operator's configuration (/tapp/user_config, else /dstack/user_config)" },
    { "SHARED_DIR", "--shared-dir", "/mnt/shared", "where launcher and node exchange files" },
    { "DOCKER_SOCKET", "--docker-socket", "/var/run/docker.sock", "unix socket of the Docker Engine" },
    { "DSTACK_SOCKET", "--dstack-socket", "/var/run/dstack.sock", "unix socket of the dstack guest agent" },
    { "DOCKER_CONFIG", "--docker-config", "/root/.docker",
        "docker config.json (or its directory) with registry auths" },
    { "CONTAINER_NAME", "--container-name", "mpc-node", "name of the node's container" },
    { "HARDENING", "--hardening", "strict", "strict or standard" },
    { "MEASUREMENT", "--measurement", "auto", "auto, emit-event (dstack 0.5) or native (dstack 0.6)" },
    { "RTMR3_FILE", "--rtmr3-file", "/sys/devices/virtual/misc/tdx_guest/measurements/rtmr3:sha384",
        "the kernel's register file, for native" },
    { "RUNTIME_LOG_DIR", "--runtime-log-dir", "/run/log/dstack", "dstack's runtime event log, for native" },
    { "PULL_SILENCE", "--pull-silence", "120", "seconds after which a silent pull is given up" },
    { "PULL_DEADLINE", "--pull-deadline", "3600", "seconds for obtaining the image, retries included" },
    { "AGENT_DEADLINE", "--agent-deadline", "30", "seconds for one call of the guest agent" },
    { "LOG_FORMAT", "--log-format", "text", "text or json, one object a line" },
};

Error refusal(char const* variable, std::string const& cause, std::string remedy)
{
    return Error(ErrorKind::Invalid, fmt::format("{}: {}", variable, cause))
        .exit_as(ExitCode::Environment)
        .remedy(std::move(remedy));
}

/// Looks values up by variable; remembers where they came from only for as long as the reading lasts.
class Reader {
public:
    Reader(Arguments const& arguments, Environment::Lookup const& lookup) : m_arguments(arguments), m_lookup(lookup) {}

    Result<std::string> text(char const* variable) const
    {
        auto const* setting = std::ranges::find(all_settings, std::string_view(variable), &Setting::variable);
        auto const option = m_arguments.options.find(variable);
        auto const given = option != m_arguments.options.end() ? std::optional(option->second) : m_lookup(variable);
        if (given && given->empty())
            return refusal(variable, "is set but empty", fmt::format("set it to: {}", setting->description));
        if (given)
            return *given;
        if (!setting->default_value)
            return refusal(variable, "is not set",
                fmt::format("set {} in the launcher's compose file ({})", variable, setting->description));
        return std::string(setting->default_value);
    }

    template <typename T>
    Result<T> one_of(char const* variable, std::initializer_list<std::pair<std::string_view, T>> values) const
    {
        auto const given = TRY(text(variable));
        std::string names;
        for (auto const& [name, value] : values) {
            if (given == name)
                return value;
            names += (names.empty() ? "" : ", ") + std::string(name);
        }
        return refusal(variable, fmt::format("\"{}\" is not one of {}", printable(given, 40), names),
            fmt::format("set it to one of {}, exactly", names));
    }

    Result<std::filesystem::path> path(char const* variable) const
    {
        std::filesystem::path const given = TRY(text(variable));
        if (!given.is_absolute())
            return refusal(variable, "is not an absolute path", "give the path from the root: /...");
        return given;
    }

    Result<Duration> seconds(char const* variable) const
    {
        auto const given = TRY(text(variable));
        unsigned value = 0;
        auto const [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
        if (error != std::errc() || end != given.data() + given.size() || value < 1 || value > 86400)
            return refusal(variable, "is not a whole number of seconds", "give a number from 1 to 86400");
        return Duration(std::chrono::seconds(value));
    }

private:
    Arguments const& m_arguments;
    Environment::Lookup const& m_lookup;
};

Result<image::ImageDigest> read_default_digest(Reader const& reader)
{
    auto text = TRY(reader.text("DEFAULT_IMAGE_DIGEST"));
    if (text.size() == 64)
        text = "sha256:" + text;
    auto digest = image::ImageDigest::parse(text);
    if (!digest.ok())
        return refusal("DEFAULT_IMAGE_DIGEST", digest.error().message(),
            "give sha256: and 64 lower-case hex characters");
    return digest;
}

Result<std::string> read_container_name(Reader const& reader)
{
    auto name = TRY(reader.text("CONTAINER_NAME"));
    auto const is_name_character = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.'
            || c == '-';
    };
    if (name.size() < 2 || name.size() > 64 || !std::ranges::all_of(name, is_name_character)
        || std::string_view("_.-").contains(name.front()))
        return refusal("CONTAINER_NAME", "is not a container name",
            "use letters, digits, '_', '.' and '-', 2 to 64 of them");
    return name;
}

/// DOCKER_CONFIG names a directory for the docker CLI; a file is accepted as well.
std::filesystem::path config_file_of(std::filesystem::path const& given)
{
    return given.extension() == ".json" ? given : given / "config.json";
}

}  // namespace

std::span<Setting const> settings() { return all_settings; }

Result<Environment> Environment::read(Arguments const& arguments, Lookup const& lookup)
{
    Reader const reader(arguments, lookup);
    using config::Platform;
    auto const platform =
        TRY(reader.one_of<Platform>("PLATFORM", { { "TEE", Platform::Tee }, { "NONTEE", Platform::NonTee } }));
    TRY(reader.one_of<int>("DOCKER_CONTENT_TRUST", { { "1", 1 } }));
    auto const default_digest = TRY(read_default_digest(reader));

    std::optional<std::filesystem::path> user_config;
    if (arguments.options.contains("USER_CONFIG") || lookup("USER_CONFIG"))
        user_config = TRY(reader.path("USER_CONFIG"));

    // Values first, the aggregate last: g++ 12 leaks what a braced list has made when a TRY in it returns.
    auto const shared_directory = TRY(reader.path("SHARED_DIR"));
    auto const docker_socket = TRY(reader.path("DOCKER_SOCKET"));
    auto const dstack_socket = TRY(reader.path("DSTACK_SOCKET"));
    auto const docker_config = TRY(reader.path("DOCKER_CONFIG"));
    auto const container_name = TRY(read_container_name(reader));
    auto const hardening = TRY(reader.one_of<Hardening>("HARDENING",
        { { "strict", Hardening::Strict }, { "standard", Hardening::Standard } }));
    auto const measurement = TRY(reader.one_of<measure::Method>("MEASUREMENT",
        { { "auto", measure::Method::Auto }, { "emit-event", measure::Method::EmitEvent },
            { "native", measure::Method::Native } }));
    auto const rtmr3 = TRY(reader.path("RTMR3_FILE"));
    auto const runtime_log = TRY(reader.path("RUNTIME_LOG_DIR"));
    auto const log_format =
        TRY(reader.one_of<LogFormat>("LOG_FORMAT", { { "text", LogFormat::Text }, { "json", LogFormat::Json } }));
    auto const pull_silence = TRY(reader.seconds("PULL_SILENCE"));
    auto const pull_deadline = TRY(reader.seconds("PULL_DEADLINE"));
    auto const agent_deadline = TRY(reader.seconds("AGENT_DEADLINE"));

    return Environment {
        .platform = platform,
        .default_digest = default_digest,
        .user_config = user_config,
        .shared_directory = shared_directory,
        .docker_socket = docker_socket,
        .dstack_socket = dstack_socket,
        .docker_config = config_file_of(docker_config),
        .container_name = container_name,
        .hardening = hardening,
        .measurement = measurement,
        .native = { .rtmr3 = rtmr3, .log_directory = runtime_log },
        .log_format = log_format,
        .pull_silence = pull_silence,
        .pull_deadline = pull_deadline,
        .agent_deadline = agent_deadline,
    };
}

std::optional<std::string> process_environment(char const* variable)
{
    auto const* value = std::getenv(variable);
    return value ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace mpc::launcher
