// The fake engine's side of the Engine API, but for images. Statuses and messages are those of engine 20.10.24.
#include <algorithm>

#include <fmt/format.h>

#include "support/fake_engine_call.h"
#include "support/json_edit.h"

namespace mpc::test {

namespace {

using http::Method;

std::string_view name_of(Method method)
{
    switch (method) {
    case Method::Get: return "GET";
    case Method::Head: return "HEAD";
    case Method::Post: return "POST";
    case Method::Delete: return "DELETE";
    }
    return "?";
}

std::map<std::string, std::string> parse_query(std::string_view text)
{
    std::map<std::string, std::string> query;
    while (!text.empty()) {
        auto const end = std::min(text.find('&'), text.size());
        auto const pair = text.substr(0, end);
        auto const equals = std::min(pair.find('='), pair.size());
        query[http::percent_decode(pair.substr(0, equals))] =
            equals == pair.size() ? "" : http::percent_decode(pair.substr(equals + 1));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return query;
}

/// "1.41" as something that can be compared.
int minor_of(std::string_view version) { return std::stoi(std::string(version.substr(version.find('.') + 1))); }

bool is_container_name(std::string_view name)
{
    constexpr std::string_view known = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    return !name.empty() && name.find_first_not_of(known) == std::string_view::npos && known.find(name[0]) < 62;
}

}  // namespace

http::Answer FakeEngine::handle(http::Request const& request)
{
    Hook hook;
    {
        std::lock_guard const lock(m_mutex);
        hook = m_hook;
    }
    auto const question = std::min(request.target.find('?'), request.target.size());
    Call call { .request = request,
        .path = http::percent_decode(request.target.substr(0, question)),
        .query = parse_query(std::string_view(request.target).substr(std::min(question + 1, request.target.size()))) };
    std::string version;
    if (call.path.starts_with("/v1.")) {
        auto const slash = std::min(call.path.find('/', 1), call.path.size());
        version = call.path.substr(2, slash - 2);
        call.path.erase(0, slash);
    }
    {
        std::lock_guard const lock(m_mutex);
        settle();
        note(call);
    }
    if (auto const instead = hook ? hook(request) : std::nullopt)
        return *instead;
    std::lock_guard const lock(m_mutex);
    if (!version.empty() && minor_of(version) > minor_of(m_newest_api)) {
        return fake_refusal(400,
            fmt::format("client version {} is too new. Maximum supported API version is {}", version, m_newest_api));
    }
    if (!version.empty() && minor_of(version) < minor_of(m_oldest_api)) {
        return { .response = { .status = 400,
                     .body = fmt::format("client version {} is too old. Minimum supported API version "
                                         "is {}, please upgrade your client to a newer version\n",
                         version, m_oldest_api) } };
    }
    return route(call);
}

void FakeEngine::note(Call const& call)
{
    auto path = call.path;
    constexpr std::string_view containers = "/containers/";
    if (path.starts_with(containers)) {
        auto const end = std::min(path.find('/', containers.size()), path.size());
        if (auto const* found = find_container(path.substr(containers.size(), end - containers.size())))
            path.replace(containers.size(), end - containers.size(), found->name);
    }
    auto line = fmt::format("{} {}", name_of(call.request.method), path);
    if (auto const name = call.parameter("name"); !name.empty())
        line += " " + name;
    if (auto const image = call.parameter("fromImage"); !image.empty())
        line += fmt::format(" {}@{}", image, call.parameter("tag"));
    m_journal->append(std::move(line));
}

http::Answer FakeEngine::route(Call const& call)
{
    if (call.is(Method::Get, "/version")) {
        return fake_answer(200,
            json::Object { { "Platform", json::Object { { "Name", "" } } }, { "Version", "20.10.24+fake" },
                { "ApiVersion", m_newest_api }, { "MinAPIVersion", m_oldest_api }, { "Os", "linux" },
                { "Arch", "amd64" } });
    }
    if (call.is(Method::Get, "/info"))
        return info();
    if (call.path.starts_with("/images/"))
        return images(call);
    if (auto const reference = call.between("/distribution/", "/json"); reference && call.request.method == Method::Get)
        return distribution(call, *reference);
    if (call.path.starts_with("/containers/"))
        return containers_call(call);
    return fake_refusal(404, "page not found");
}

http::Answer FakeEngine::info() const
{
    json::Array status { json::Array { "Backing Filesystem", "extfs" }, json::Array { "Supports d_type", "true" } };
    if (m_store == docker::ImageStore::Containerd)
        status = { json::Array { "driver-type", "io.containerd.snapshotter.v1" }, json::Array { "a", "b" } };
    return fake_answer(200,
        json::Object { { "ID", "FAKE" }, { "Driver", "overlay2" }, { "DriverStatus", status }, { "OSType", "linux" },
            { "Architecture", "x86_64" }, { "Warnings", {} } });
}

http::Answer FakeEngine::containers_call(Call const& call)
{
    if (call.is(Method::Get, "/containers/json")) {
        json::Array list;
        for (auto const& container : m_containers) {
            if (call.parameter("all") == "true" || call.parameter("all") == "1" || container.is_running())
                list.push_back(container.summary());
        }
        return fake_answer(200, list);
    }
    if (call.is(Method::Post, "/containers/create"))
        return create(call);
    auto const rest = call.path.substr(std::string_view("/containers/").size());
    auto const slash = std::min(rest.find('/'), rest.size());
    auto* container = find_container(rest.substr(0, slash));
    if (!container)
        return fake_refusal(404, "No such container: " + rest.substr(0, slash));
    auto const action = slash == rest.size() ? std::string() : rest.substr(slash + 1);
    if (call.request.method == Method::Get && action == "json")
        return fake_answer(200, m_mutate_inspect ? m_mutate_inspect(container->inspect()) : container->inspect());
    if (call.request.method == Method::Delete && action.empty())
        return remove(*container, call);
    return call.request.method == Method::Post ? act(*container, call, action) : fake_refusal(404, "page not found");
}

http::Answer FakeEngine::create(Call const& call)
{
    auto const name = call.parameter("name");
    if (call.header("Content-Type") != "application/json")
        return fake_refusal(400, "Content-Type specified () must be 'application/json'");
    auto const body = json::read_object(call.request.body);
    if (!body.ok())
        return fake_refusal(500, "unexpected EOF");
    auto const* image = find_image(text_at(body.value(), "Image"));
    if (!image)
        return fake_refusal(404, "No such image: " + text_at(body.value(), "Image"));
    if (!is_container_name(name)) {
        return fake_refusal(400,
            fmt::format("Invalid container name ({}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", name));
    }
    if (auto const* other = find_container(name)) {
        return fake_refusal(409,
            fmt::format("Conflict. The container name \"/{}\" is already in use by container \"{}\". You have "
                        "to remove (or rename) that container to be able to reuse that name.",
                name, other->id));
    }
    auto container = FakeContainer::create(new_id(), name, body.value(), image->image, id_of(image->image));
    if (!container.ok())
        return fake_refusal(400, container.error().message());
    m_containers.push_back(container.value());
    return fake_answer(201, json::Object { { "Id", container.value().id }, { "Warnings", json::Array() } });
}

http::Answer FakeEngine::act(FakeContainer& container, Call const& call, std::string const& action)
{
    if (action == "start")
        return start(container);
    if (action == "wait")
        return wait(container);
    if (action == "rename")
        return rename(container, call.parameter("name"));
    if (action == "stop" || action == "kill") {
        if (!container.is_running() && action == "stop")
            return fake_nothing(304);
        if (!container.is_running())
            return fake_refusal(409,
                fmt::format("Cannot kill container: {0}: Container {0} is not running", container.id));
        container.end(action == "stop" ? 0 : 137);
        container.stopped_by_hand = true;
        return fake_nothing(204);
    }
    if (action == "update") {
        auto const body = json::read_object(call.request.body);
        if (call.header("Content-Type") != "application/json" || !body.ok())
            return fake_refusal(400, "Content-Type specified () must be 'application/json'");
        if (auto const policy = text_at(body.value(), "RestartPolicy.Name"); !policy.empty()) {
            container.host_config = with(container.host_config, "RestartPolicy",
                json::Object { { "Name", policy }, { "MaximumRetryCount", 0 } });
        }
        return fake_answer(200, json::Object { { "Warnings", {} } });
    }
    return fake_refusal(404, "page not found");
}

http::Answer FakeEngine::start(FakeContainer& container)
{
    if (container.is_running())
        return fake_nothing(304);
    for (auto const& other : m_containers) {
        auto const held = other.is_running() ? other.host_ports() : std::vector<std::string>();
        for (auto const& port : container.host_ports()) {
            if (std::ranges::find(held, port) == held.end())
                continue;
            container.error =
                fmt::format("driver failed programming external connectivity on endpoint {} ({}): Bind for "
                            "0.0.0.0:{} failed: port is already allocated",
                    container.name, container.id, port);
            container.exit_code = 128;
            return fake_refusal(500, container.error);
        }
    }
    auto const ending = m_endings.find(container.name);
    container.start(ending == m_endings.end() ? std::nullopt : std::optional(ending->second));
    return fake_nothing(204);
}

http::Answer FakeEngine::wait(FakeContainer const& container) const
{
    auto answer = fake_answer(200,
        json::Object {
            { "Error", {} }, { "StatusCode", container.ends_at ? container.ends_with : container.exit_code } });
    if (container.ends_at) {
        answer.delivery.delay =
            std::max(Duration(1), std::chrono::ceil<Duration>(*container.ends_at - std::chrono::steady_clock::now()));
    }
    // Of one that waits to be restarted the engine tells the last exit code at once.
    answer.delivery.hang = container.is_running() && container.state != "restarting" && !container.ends_at;
    return answer;
}

http::Answer FakeEngine::rename(FakeContainer& container, std::string const& name)
{
    if (!is_container_name(name)) {
        return fake_refusal(400,
            fmt::format("Error when allocating new name: Invalid container name (/{}), only "
                        "[a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
                name));
    }
    if (name == container.name)
        return fake_refusal(400, "Renaming a container with the same name as its current name");
    if (auto const* other = find_container(name)) {
        return fake_refusal(409,
            fmt::format("Error when allocating new name: Conflict. The container name \"/{}\" is already in "
                        "use by container \"{}\".",
                name, other->id));
    }
    container.name = name;
    return fake_nothing(204);
}

http::Answer FakeEngine::remove(FakeContainer const& container, Call const& call)
{
    if (container.is_running() && call.parameter("force") != "1") {
        return fake_refusal(409,
            fmt::format("You cannot remove a running container {}. Stop the container before attempting "
                        "removal or force remove",
                container.id));
    }
    std::erase_if(m_containers, [&, id = container.id](auto const& one) { return one.id == id; });
    return fake_nothing(204);
}

}  // namespace mpc::test
