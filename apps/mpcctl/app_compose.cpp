#include "mpcctl/app_compose.h"

#include <fmt/format.h>

#include "attestation/app_compose.h"
#include "base/fd.h"
#include "mpcctl/output_file.h"
#include "mpcctl/say.h"
#include "json/json.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t file_limit = std::size_t { 1 } << 20;
constexpr std::size_t app_id_characters = 40;

Result<std::string> read(std::filesystem::path const& path, std::string const& option)
{
    return read_file(path, file_limit).in(option).remedy("give " + option + " a readable file of at most 1 MiB");
}

Result<dstack::AppComposeOptions> gather(AppComposeOptions const& options)
{
    auto chosen = options.chosen;
    if (options.key_provider)
        chosen.key_provider =
            TRY(dstack::key_provider_named(*options.key_provider).in("--key-provider").exit_as(mpc::ExitCode::Usage));
    if (options.swap)
        chosen.swap_megabytes = TRY(dstack::parse_megabytes(*options.swap).in("--swap").exit_as(mpc::ExitCode::Usage));
    chosen.docker_compose_file = TRY(read(options.docker_compose, "--docker-compose"));
    if (options.prelaunch_script)
        chosen.pre_launch_script = TRY(read(*options.prelaunch_script, "--prelaunch-script"));
    if (options.env_file)
        chosen.allowed_envs =
            TRY(dstack::parse_env_names(TRY(read(*options.env_file, "--env-file"))).in(options.env_file->string()));
    return chosen;
}

std::vector<std::string> warnings_of(AppCompose const& made)
{
    std::vector<std::string> warnings;
    if (made.broken_rule)
        warnings.push_back("the network will not accept a node with this app-compose: " + *made.broken_rule);
    for (auto const& objection : made.objections)
        warnings.push_back("dstack: " + objection);
    return warnings;
}

std::string as_table(AppCompose const& made)
{
    return fmt::format("Compose hash:          {}\nApp ID:                {}\nLauncher compose hash: {}\n",
        to_hex(made.compose_hash), made.app_id, to_hex(made.launcher_compose_hash));
}

std::string as_json(AppCompose const& made, std::filesystem::path const& output)
{
    json::Array objections;
    for (auto const& objection : made.objections)
        objections.emplace_back(objection);
    return json::write_pretty(json::Object { { "compose_hash", to_hex(made.compose_hash) }, { "app_id", made.app_id },
               { "launcher_compose_hash", to_hex(made.launcher_compose_hash) },
               { "broken_rule", made.broken_rule ? json::Value(*made.broken_rule) : json::Value() },
               { "objections", std::move(objections) }, { "output", output.string() } })
        + "\n";
}

Result<void> print(AppCompose const& made, AppComposeOptions const& options)
{
    if (!options.output) {
        say("{}", made.text);
        say(stderr, "{}", as_table(made));
        return ok;
    }
    TRY(write_measured_output(*options.output, made.text));
    if (options.json)
        say("{}", as_json(made, *options.output));
    else
        say("{}Written to:            {}\n", as_table(made), options.output->string());
    return ok;
}

}  // namespace

Result<AppCompose> make_app_compose(AppComposeOptions const& options)
{
    auto const chosen = TRY(gather(options));
    AppCompose made;
    made.text = TRY(dstack::write_app_compose(chosen));
    made.compose_hash = sha256({ as_bytes(made.text) });
    made.app_id = to_hex(made.compose_hash).substr(0, app_id_characters);
    made.launcher_compose_hash = sha256({ as_bytes(chosen.docker_compose_file) });
    made.broken_rule = attestation::broken_rule(TRY(json::read_object(made.text)));
    made.objections = dstack::objections(chosen, made.text.size());
    return made;
}

Result<ExitCode> run(AppComposeOptions const& options, Interrupt const&)
{
    auto const made = TRY(make_app_compose(options));
    auto const warnings = warnings_of(made);
    if (options.strict && !warnings.empty())
        return Error(ErrorKind::Invalid, warnings.front())
            .remedy("choose as the network and dstack demand; without --strict it is written all the same");
    TRY(print(made, options));
    for (auto const& warning : warnings)
        say(stderr, "WARNING: {}\n", warning);
    return ExitCode::Done;
}

}  // namespace mpc::ctl
