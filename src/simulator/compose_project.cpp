#include "simulator/compose_project.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "hash/hash.h"
#include "json/json.h"

namespace mpc::simulator {

namespace {

using http::Method;

constexpr auto project_label = "com.docker.compose.project";
constexpr auto service_label = "com.docker.compose.service";
constexpr auto hash_label = "com.docker.compose.config-hash";
constexpr http::Limits patient { .deadline = std::chrono::minutes(10) };

json::Array array_of(std::vector<std::string> const& texts) { return { texts.begin(), texts.end() }; }

json::Object restart_policy(std::string const& text)
{
    auto const name = text.substr(0, text.find(':'));
    json::Object policy { { "Name", name } };
    if (name.size() < text.size())
        policy.add("MaximumRetryCount", std::atoi(text.c_str() + name.size() + 1));
    return policy;
}

json::Object host_config(ComposeService const& service)
{
    json::Object tmpfs;
    for (auto const& entry : service.tmpfs) {
        auto const path = entry.substr(0, entry.find(':'));
        tmpfs.add(path, entry.substr(std::min(path.size() + 1, entry.size())));
    }
    return {
        { "Binds", array_of(service.binds) },
        { "SecurityOpt", array_of(service.security_opt) },
        { "CapAdd", array_of(service.cap_add) },
        { "CapDrop", array_of(service.cap_drop) },
        { "ReadonlyRootfs", service.read_only },
        { "Init", service.init },
        { "RestartPolicy", restart_policy(service.restart) },
        { "Tmpfs", std::move(tmpfs) },
        { "NetworkMode", service.network_mode.empty() ? "default" : service.network_mode },
    };
}

/// The body of POST /containers/create.
json::Object container_of(ComposeService const& service)
{
    json::Object body {
        { "Image", service.image },
        { "Env", array_of(service.environment) },
        { "User", service.user },
        { "HostConfig", host_config(service) },
    };
    if (!service.command.empty())
        body.add("Cmd", array_of(service.command));
    if (!service.entrypoint.empty())
        body.add("Entrypoint", array_of(service.entrypoint));
    json::Object labels;
    for (auto const& [name, value] : service.labels)
        labels.add(name, value);
    auto const text = json::write(body);
    auto const hash = to_hex(sha256({ as_bytes(text) }));
    labels.add(project_label, "dstack");
    labels.add(service_label, service.name);
    labels.add("com.docker.compose.oneoff", "False");
    labels.add("com.docker.compose.container-number", "1");
    labels.add(hash_label, hash);
    body.add("Labels", std::move(labels));
    return body;
}

std::string const* label_in(json::Object const& labels, std::string_view name)
{
    auto const* const value = labels.find(name);
    return value ? value->text() : nullptr;
}

/// The engine's stream of progress; an error in it comes after the 200.
Result<void> refuse_error_in(std::string_view stream)
{
    while (!stream.empty()) {
        auto const line = stream.substr(0, stream.find('\n'));
        stream.remove_prefix(std::min(line.size() + 1, stream.size()));
        auto const entry = json::read_object(line);
        if (entry.ok() && entry->find("error") != nullptr)
            return Error(ErrorKind::Refused, printable(TRY(entry->require_text("error"))));
    }
    return ok;
}

}  // namespace

bool ComposeProject::engine_answers() const
{
    auto const answer = m_engine.send({ .method = Method::Get, .target = "/version" }, { .deadline = Duration(2000) });
    return answer.ok() && answer->is_success();
}

Result<std::string> ComposeProject::call(Method method, std::string target, std::string body) const
{
    auto const answer = TRY(m_engine.send({ .method = method, .target = target, .body = std::move(body) }, patient));
    if (answer.status == 404)
        return Error(ErrorKind::NotFound, printable(answer.body));
    if (!answer.is_success() && answer.status != 304)
        return Error(ErrorKind::Refused, fmt::format("{}: {} {}", target, answer.status, printable(answer.body)));
    return answer.body;
}

Result<void> ComposeProject::load(std::string archive) const
{
    auto const answer = TRY(m_engine.send({ .method = Method::Post,
                                              .target = "/images/load?quiet=1",
                                              .headers = { { "Content-Type", "application/x-tar" } },
                                              .body = std::move(archive) },
        patient));
    if (!answer.is_success())
        return Error(ErrorKind::Refused, printable(answer.body)).in("docker load");
    return refuse_error_in(answer.body).in("docker load");
}

Result<void> ComposeProject::have_image(std::string const& image) const
{
    auto const present = call(Method::Get, fmt::format("/images/{}/json", image));
    if (present.ok())
        return ok;
    auto const at = image.find('@');
    auto const colon = image.rfind(':');
    auto const is_tag = colon != std::string::npos && image.find('/', colon) == std::string::npos;
    auto const name = at != std::string::npos ? image.substr(0, at) : is_tag ? image.substr(0, colon) : image;
    auto const version = at != std::string::npos ? image.substr(at + 1) : is_tag ? image.substr(colon + 1) : "latest";
    auto const stream = TRY(call(Method::Post,
        fmt::format("/images/create?fromImage={}&tag={}", http::percent_encode(name), http::percent_encode(version)))
            .in("docker pull " + image));
    return refuse_error_in(stream).in("docker pull " + image);
}

Result<void> ComposeProject::remove_orphans(ComposeFile const& file) const
{
    auto const filter = http::percent_encode(R"({"label":["com.docker.compose.project=dstack"]})");
    auto const listed = TRY(json::read(TRY(call(Method::Get, "/containers/json?all=1&filters=" + filter))));
    if (!listed.array())
        return Error(ErrorKind::Invalid, "the engine's list of containers is not a list");
    for (auto const& entry : *listed.array()) {
        if (!entry.object())
            continue;
        auto const* const service = label_in(*TRY(entry.object()->require_object("Labels")), service_label);
        auto const is_known =
            service && std::ranges::find(file.services, *service, &ComposeService::name) != file.services.end();
        if (!is_known)
            TRY(call(Method::Delete, fmt::format("/containers/{}?force=1", TRY(entry.object()->require_text("Id")))));
    }
    return ok;
}

Result<void> ComposeProject::bring_up(ComposeService const& service) const
{
    auto const wanted = container_of(service);
    auto const path = "/containers/" + http::percent_encode(service.container_name);
    auto const existing = call(Method::Get, path + "/json");
    auto is_current = false;
    if (existing.ok()) {
        auto const container = TRY(json::read_object(*existing));
        auto const* const config = TRY(container.require_object("Config"));
        auto const* const hash = label_in(*TRY(config->require_object("Labels")), hash_label);
        is_current = hash && *hash == *label_in(*TRY(wanted.require_object("Labels")), hash_label);
        if (!is_current)
            TRY(call(Method::Delete, path + "?force=1"));
    } else if (existing.error().kind() != ErrorKind::NotFound) {
        return existing.error();
    }
    if (!is_current) {
        TRY(have_image(service.image));
        TRY(call(Method::Post, "/containers/create?name=" + http::percent_encode(service.container_name),
            json::write(wanted)));
    }
    TRY(call(Method::Post, path + "/start"));
    return ok;
}

Result<void> ComposeProject::up(ComposeFile const& file) const
{
    TRY(remove_orphans(file));
    for (auto const& volume : file.volumes)
        TRY(call(Method::Post, "/volumes/create",
            json::write(json::Object {
                { "Name", volume },
                { "Labels", json::Object { { project_label, "dstack" } } },
            })));
    for (auto const& service : file.services)
        TRY(bring_up(service).in("service " + service.name));
    return ok;
}

}  // namespace mpc::simulator
