#include "mpcctl/approved.h"

#include <fmt/format.h>

#include "crypto/time.h"
#include "mpcctl/option_values.h"
#include "mpcctl/say.h"
#include "net/http_post.h"
#include "json/json.h"

namespace mpc::ctl {

namespace {

std::string duration_text(std::chrono::seconds duration)
{
    auto const minutes = duration.count() / 60;
    if (minutes >= 24 * 60)
        return fmt::format("{} d {} h", minutes / (24 * 60), minutes / 60 % 24);
    return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string deadline_text(near::AllowedImage const& image, std::chrono::sys_seconds now)
{
    if (!image.deadline)
        return "no deadline";
    auto const when = crypto::to_text(*image.deadline);
    if (!near::is_allowed(image, now))
        return "NO LONGER ALLOWED since " + when;
    return fmt::format("until {} ({} left)", when, duration_text(*image.deadline - now));
}

/// A list under its title: its lines, or why there are none.
template <typename T, typename Line>
std::string section(std::string_view title, near::Listed<T> const& list, Line line)
{
    std::string text = fmt::format("\n{}\n", title);
    if (!list.ok())
        return text + "  not available: " + list.error().message() + "\n";
    if (list->empty())
        return text + "  none\n";
    for (auto const& entry : *list)
        text += "  " + line(entry) + "\n";
    return text;
}

template <typename T, typename Show>
json::Value list_json(near::Listed<T> const& list, Show show)
{
    if (!list.ok())
        return {};
    json::Array array;
    for (auto const& entry : *list)
        array.emplace_back(show(entry));
    return array;
}

json::Object image_json(near::AllowedImage const& image, std::chrono::sys_seconds now)
{
    auto const deadline = image.deadline ? json::Value(crypto::to_text(*image.deadline)) : json::Value();
    return { { "digest", image.digest.text() }, { "deadline", deadline }, { "allowed", near::is_allowed(image, now) } };
}

json::Object measurements_json(near::AllowedMeasurements const& allowed)
{
    return { { "mrtd", to_hex(allowed.mrtd) }, { "rtmr0", to_hex(allowed.rtmr0) }, { "rtmr1", to_hex(allowed.rtmr1) },
        { "rtmr2", to_hex(allowed.rtmr2) },
        { "key_provider_event_digest", to_hex(allowed.key_provider_event_digest) } };
}

std::string measurements_text(near::AllowedMeasurements const& allowed)
{
    return fmt::format("mrtd  {}\n  rtmr0 {}\n  rtmr1 {}\n  rtmr2 {}\n  key provider {}\n", to_hex(allowed.mrtd),
        to_hex(allowed.rtmr0), to_hex(allowed.rtmr1), to_hex(allowed.rtmr2), to_hex(allowed.key_provider_event_digest));
}

bool has_choice(near::AllowedLists const& lists) { return lists.images.ok() && !lists.images->empty(); }

Result<std::vector<near::Endpoint>> endpoints_of(ApprovedOptions const& options, Interrupt const& interrupt)
{
    net::TlsTrust const trust = options.tls_ca ? net::TlsTrust(net::CaFile { *options.tls_ca }) : net::SystemStore();
    TRY(net::check_trust(trust).in("--tls-ca").remedy("give --tls-ca a readable PEM file"));
    std::vector<near::Endpoint> endpoints;
    for (auto const& text : options.endpoints) {
        auto const url = TRY(net::Url::parse(text).in("--rpc").exit_as(mpc::ExitCode::Usage));
        auto const deadline = std::chrono::seconds(options.timeout_seconds);
        endpoints.push_back({ url.display(), [url, trust, deadline, &interrupt](std::string const& body) {
                                 return net::post({ .url = url, .body = body, .tls = trust, .deadline = deadline },
                                     interrupt);
                             } });
    }
    return endpoints;
}

/// What an operator should know before using the lists.
std::vector<std::string> doubts_about(near::AllowedLists const& lists, std::chrono::sys_seconds now)
{
    std::vector<std::string> doubts;
    if (has_choice(lists) && !near::is_allowed(lists.images->front(), now))
        doubts.emplace_back("the newest image digest is no longer allowed: is the endpoint behind, or the time wrong?");
    auto const url = net::Url::parse(lists.endpoint);
    if (!url.ok() || !url->is_private())
        doubts.emplace_back("asked without TLS: whoever is on the way can change the answer");
    return doubts;
}

}  // namespace

std::string as_table(near::AllowedLists const& lists, near::AccountId const& contract, std::chrono::sys_seconds now)
{
    auto text = fmt::format("contract  {}\nasked     {}, final block {}\n", contract.text(), lists.endpoint,
        lists.block_height);
    bool is_first = true;
    text += section("image digests, newest first", lists.images, [&](near::AllowedImage const& image) {
        return fmt::format("{}  {}{}", image.digest.text(), deadline_text(image, now),
            std::exchange(is_first, false) ? "  <- a launcher takes this one" : "");
    });
    text +=
        section("launcher digests, newest first", lists.launchers, [](auto const& digest) { return digest.text(); });
    text +=
        section("launcher compose hashes", lists.launcher_composes, [](Sha256 const& hash) { return to_hex(hash); });
    text += section("OS measurements", lists.os_measurements, measurements_text);
    return text.ends_with("\n\n") ? text.substr(0, text.size() - 1) : text;
}

std::string as_json(near::AllowedLists const& lists, near::AccountId const& contract, std::chrono::sys_seconds now)
{
    auto const images = list_json(lists.images, [&](auto const& image) { return image_json(image, now); });
    auto const launchers = list_json(lists.launchers, [](auto const& digest) { return digest.text(); });
    auto const composes = list_json(lists.launcher_composes, [](Sha256 const& hash) { return to_hex(hash); });
    auto const measurements = list_json(lists.os_measurements, measurements_json);
    auto const chosen = has_choice(lists) ? json::Value(lists.images->front().digest.text()) : json::Value();
    json::Array notes;
    for (auto const& note : lists.notes)
        notes.emplace_back(note);
    return json::write_pretty(json::Object { { "contract", contract.text() }, { "endpoint", lists.endpoint },
               { "block_height", lists.block_height }, { "at", crypto::to_text(now) }, { "chosen", chosen },
               { "image_digests", images }, { "launcher_digests", launchers }, { "launcher_compose_hashes", composes },
               { "os_measurements", measurements }, { "notes", std::move(notes) } })
        + "\n";
}

Result<near::AllowedLists> fetch_lists(ApprovedOptions const& options, Interrupt const& interrupt)
{
    auto const contract = TRY(near::AccountId::parse(options.contract).in("--contract").exit_as(mpc::ExitCode::Usage));
    auto const endpoints = TRY(endpoints_of(options, interrupt));
    return from_other_side(near::fetch_allowed_lists(contract, endpoints));
}

Result<ExitCode> run(ApprovedOptions const& options, Interrupt const& interrupt)
{
    auto const contract = TRY(near::AccountId::parse(options.contract).in("--contract").exit_as(mpc::ExitCode::Usage));
    auto const now = TRY(moment_or_now(options.at));
    auto lists = TRY(fetch_lists(options, interrupt));
    for (auto& doubt : doubts_about(lists, now))
        lists.notes.push_back(std::move(doubt));
    say("{}", options.json ? as_json(lists, contract, now) : as_table(lists, contract, now));
    for (auto const& note : lists.notes)
        say(stderr, "note: {}\n", note);
    return ExitCode::Done;
}

}  // namespace mpc::ctl
