#include "mpcctl/predict.h"

#include <fmt/format.h>

#include "base/fd.h"
#include "base/text.h"
#include "mpcctl/event_text.h"
#include "mpcctl/option_values.h"
#include "mpcctl/say.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t file_limit = std::size_t { 1 } << 20;

/// The id alone means the provider that the network accepts.
Result<std::string> key_provider_payload(std::string const& given)
{
    if (given.starts_with('{'))
        return given;
    if (!is_utf8(given))
        return Error(ErrorKind::Invalid, "--key-provider is not UTF-8 text").remedy("give its MRENCLAVE in hex");
    return json::write(json::Object { { "name", "local-sgx" }, { "id", given } });
}

Result<void> check_same_compose(attestation::Prediction const& prediction, std::filesystem::path const& path)
{
    auto const text = TRY(read_file(path, file_limit).in("compose"));
    if (prediction.launcher_compose_hash == sha256({ as_bytes(text) }))
        return ok;
    return Error(ErrorKind::Mismatch, "the app-compose holds another compose file than " + path.string())
        .remedy("make the app-compose anew from that file; one byte more or less makes it another");
}

}  // namespace

std::string as_table(attestation::Prediction const& prediction)
{
    auto text = event_table(prediction.events);
    text += fmt::format("\nRTMR3                  {}\ncompose hash           {}\napp id                 {}\n"
                        "MRCONFIGID             {}\n",
        prediction.rtmr3.hex(), to_hex(prediction.compose_hash), to_hex(prediction.app_id),
        to_hex(prediction.mr_config_id));
    if (prediction.launcher_compose_hash)
        text += fmt::format("launcher compose hash  {}\n", to_hex(*prediction.launcher_compose_hash));
    if (prediction.broken_rule)
        text += fmt::format("WARNING: the network will not accept this app-compose: {}\n", *prediction.broken_rule);
    return text;
}

std::string as_json(attestation::Prediction const& prediction)
{
    auto const optional = [](auto const& value, auto show) {
        return value ? json::Value(show(*value)) : json::Value();
    };
    auto const hex = [](auto const& bytes) { return to_hex(bytes); };
    auto const same = [](std::string const& text) { return text; };
    return json::write_pretty(json::Object { { "compose_hash", to_hex(prediction.compose_hash) },
               { "app_id", to_hex(prediction.app_id) }, { "mr_config_id", to_hex(prediction.mr_config_id) },
               { "launcher_compose_hash", optional(prediction.launcher_compose_hash, hex) },
               { "rtmr3", prediction.rtmr3.hex() }, { "broken_rule", optional(prediction.broken_rule, same) },
               { "events", events_json(prediction.events) } })
        + "\n";
}

Result<ExitCode> run(PredictOptions const& options, Interrupt const&)
{
    auto app_compose = TRY(read_file(options.app_compose, file_limit).in("app-compose"));
    auto const digest = TRY(parse_image_digest(options.image_digest).in("--image-digest"));
    auto const key_provider = TRY(key_provider_payload(options.key_provider));
    attestation::Deployment deployment { .app_compose = std::move(app_compose),
        .dstack_version = options.dstack_version,
        .key_provider = key_provider,
        .instance_id = {},
        .image_digest = digest };
    if (options.instance_id)
        deployment.instance_id = TRY(from_hex(*options.instance_id).in("--instance-id").exit_as(mpc::ExitCode::Usage));
    auto const prediction = TRY(attestation::predict(deployment));
    if (options.compose)
        TRY(check_same_compose(prediction, *options.compose));
    say("{}", options.json ? as_json(prediction) : as_table(prediction));
    return ExitCode::Done;
}

}  // namespace mpc::ctl
