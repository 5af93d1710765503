#include "docker/parse.h"

#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "docker/number.h"

namespace mpc::docker {

namespace {

/// A version of the API, "1.41".
struct ApiVersion {
    unsigned major = 0;
    unsigned minor = 0;
    auto operator<=>(ApiVersion const&) const = default;

    [[nodiscard]] std::string text() const { return fmt::format("{}.{}", major, minor); }
};
constexpr ApiVersion oldest_known { 1, 41 };
constexpr ApiVersion newest_known { 1, 51 };

Result<ApiVersion> api_version(json::Object const& answer, std::string_view name)
{
    auto const text = TRY(answer.require_text(name));
    auto const dot = std::min(text.find('.'), text.size());
    ApiVersion version;
    if (dot == text.size() || !read_whole(std::string_view(text).substr(0, dot), version.major)
        || !read_whole(std::string_view(text).substr(dot + 1), version.minor))
        return Error(ErrorKind::Invalid, fmt::format("\"{}\" is not a version of the API", name));
    return version;
}

enum class Absent { IsAnError, IsEmpty };

/// A member that holds a list or map, or nullptr when it is null (or absent, where that is allowed).
Result<json::Value const*> container_member(json::Object const& object, std::string_view name, Absent absent)
{
    auto const* value = object.find(name);
    if (!value && absent == Absent::IsAnError)
        return Error(ErrorKind::Invalid, fmt::format("\"{}\" is missing", name));
    return value && value->is_null() ? nullptr : value;
}

Error wrong_type(std::string_view name, char const* expected)
{
    return { ErrorKind::Invalid, fmt::format("\"{}\" is not {}", name, expected) };
}

Result<json::Array> list(json::Object const& object, std::string_view name, Absent absent = Absent::IsAnError)
{
    auto const* value = TRY(container_member(object, name, absent));
    if (!value)
        return json::Array();
    if (!value->array())
        return wrong_type(name, "a list");
    return *value->array();
}

Result<json::Object> map(json::Object const& object, std::string_view name, Absent absent = Absent::IsAnError)
{
    auto const* value = TRY(container_member(object, name, absent));
    if (!value)
        return json::Object();
    if (!value->object())
        return wrong_type(name, "an object");
    return *value->object();
}

Result<std::vector<std::string>> texts(json::Object const& object, std::string_view name,
    Absent absent = Absent::IsAnError)
{
    std::vector<std::string> found;
    for (auto const& element : TRY(list(object, name, absent))) {
        if (!element.text())
            return wrong_type(name, "a list of texts");
        found.push_back(*element.text());
    }
    return found;
}

Result<std::map<std::string, std::string>> text_map(json::Object const& object, std::string_view name,
    Absent absent = Absent::IsAnError)
{
    std::map<std::string, std::string> found;
    for (auto const& [key, value] : TRY(map(object, name, absent))) {
        if (!value.text())
            return wrong_type(name, "a map of texts");
        found.emplace(key, *value.text());
    }
    return found;
}

/// The names of a map whose values say nothing: Volumes, ExposedPorts.
Result<std::vector<std::string>> names(json::Object const& object, std::string_view name)
{
    std::vector<std::string> found;
    for (auto const& [key, value] : TRY(map(object, name, Absent::IsEmpty)))
        found.push_back(key);
    return found;
}

/// Text that an engine may leave out when it is empty.
Result<std::string> text_or_nothing(json::Object const& object, std::string_view name)
{
    auto const* value = object.find(name);
    if (!value || value->is_null())
        return std::string();
    return object.require_text(name);
}

/// A list of objects, each read by `read`; an error says which one it was.
template <typename T>
Result<std::vector<T>> each(json::Array const& elements, Result<T> (*read)(json::Object const&))
{
    std::vector<T> found;
    for (auto const& element : elements) {
        auto const where = fmt::format("[{}]", found.size());
        if (!element.object())
            return Error(ErrorKind::Invalid, "not an object").in(where);
        found.push_back(TRY(read(*element.object()).in(where)));
    }
    return found;
}

Result<json::Array> read_array(std::string_view body)
{
    auto value = TRY(json::read(body));
    if (!value.array())
        return Error(ErrorKind::Invalid, "not a JSON list");
    return std::move(*value.array());
}

/// "sha256:" and 64 hex, whatever it is the digest of: that depends on the store.
Result<std::string> image_id(json::Object const& image)
{
    auto id = TRY(image.require_text("Id"));
    if (!image::ImageId::parse(id).ok())
        return Error(ErrorKind::Invalid, "\"Id\" is not a sha256 digest");
    return id;
}

Result<std::string> container_id(json::Object const& container)
{
    auto id = TRY(container.require_text("Id"));
    if (id.size() != 64 || id.find_first_not_of("0123456789abcdef") != std::string::npos)
        return Error(ErrorKind::Invalid, "\"Id\" is not 64 lower-case hex characters");
    return id;
}

Result<std::vector<std::string>> repo_digests(json::Object const& image)
{
    auto found = TRY(texts(image, "RepoDigests"));
    std::erase(found, "<none>@<none>");
    return found;
}

Result<ImageSummary> image_summary(json::Object const& image)
{
    ImageSummary summary;
    summary.id = TRY(image_id(image));
    summary.repo_digests = TRY(repo_digests(image));
    return summary;
}

Result<Mount> mount(json::Object const& object)
{
    Mount mount;
    mount.type = TRY(object.require_text("Type"));
    mount.name = TRY(text_or_nothing(object, "Name"));
    mount.source = TRY(text_or_nothing(object, "Source"));
    mount.destination = TRY(object.require_text("Destination"));
    mount.writable = TRY(object.require_bool("RW"));
    return mount;
}

Result<std::uint16_t> port_number(json::Object const& object, std::string_view name)
{
    auto const number = TRY(object.require_number(name));
    if (number > std::numeric_limits<std::uint16_t>::max())
        return wrong_type(name, "a port");
    return static_cast<std::uint16_t>(number);
}

/// Exposed ports are listed among the published ones; these have no PublicPort, and become port 0 here.
Result<PublishedPort> port(json::Object const& object)
{
    PublishedPort port;
    if (object.find("PublicPort"))
        port.host = TRY(port_number(object, "PublicPort"));
    port.container = TRY(port_number(object, "PrivatePort"));
    port.protocol = TRY(object.require_text("Type"));
    port.address = TRY(text_or_nothing(object, "IP"));
    return port;
}

Result<std::string> state(json::Object const& container)
{
    static std::set<std::string, std::less<>> const known { "created", "running", "paused", "restarting", "removing",
        "exited", "dead" };
    auto text = TRY(container.require_text("State"));
    if (!known.contains(text))
        return Error(ErrorKind::Invalid, "\"State\" is none that the API knows");
    return text;
}

Result<ContainerSummary> container_summary(json::Object const& container)
{
    ContainerSummary summary;
    summary.id = TRY(container_id(container));
    summary.names = TRY(texts(container, "Names"));
    summary.image_id = TRY(container.require_text("ImageID"));
    summary.state = TRY(state(container));
    summary.labels = TRY(text_map(container, "Labels"));
    summary.mounts = TRY(each(TRY(list(container, "Mounts")), mount).in("\"Mounts\""));
    summary.ports = TRY(each(TRY(list(container, "Ports")), port).in("\"Ports\""));
    for (auto& name : summary.names) {
        if (name.starts_with('/'))
            name.erase(0, 1);
    }
    std::erase_if(summary.ports, [](auto const& published) { return published.host == 0; });
    return summary;
}

Result<std::string> platform(json::Object const& object)
{
    auto text = TRY(object.require_text("os")) + "/" + TRY(object.require_text("architecture"));
    auto const variant = TRY(text_or_nothing(object, "variant"));
    return variant.empty() ? text : text + "/" + variant;
}

}  // namespace

Result<EngineVersion> parse_version(std::string_view body)
{
    auto const answer = TRY(json::read_object(body));
    auto const newest = TRY(api_version(answer, "ApiVersion"));
    auto const oldest = TRY(api_version(answer, "MinAPIVersion"));
    if (newest < oldest_known) {
        return Error(ErrorKind::Refused,
            fmt::format("the Docker Engine is too old: it speaks the API up to {}, and {} is needed", newest.text(),
                oldest_known.text()))
            .remedy("use Docker Engine 20.10 or newer");
    }
    if (oldest > newest_known) {
        return Error(ErrorKind::Refused,
            fmt::format("the Docker Engine is too new: it speaks the API from {} on, and this "
                        "program up to {}",
                oldest.text(), newest_known.text()))
            .remedy(fmt::format("use a newer release of this program, or start dockerd with DOCKER_MIN_API_VERSION={}",
                newest_known.text()));
    }
    auto const version = TRY(answer.require_text("Version"));
    return EngineVersion { .version = printable(version, 64), .api_version = std::min(newest, newest_known).text() };
}

Result<ImageStore> parse_store(std::string_view body)
{
    auto const answer = TRY(json::read_object(body));
    for (auto const& entry : TRY(list(answer, "DriverStatus"))) {
        auto const* pair = entry.array();
        if (!pair || pair->size() != 2 || !(*pair)[0].text() || !(*pair)[1].text())
            return wrong_type("DriverStatus", "a list of pairs of texts");
        if (*(*pair)[0].text() == "driver-type" && *(*pair)[1].text() == "io.containerd.snapshotter.v1")
            return ImageStore::Containerd;
    }
    return ImageStore::Classic;
}

Result<std::vector<ImageSummary>> parse_images(std::string_view body)
{
    return each(TRY(read_array(body)), image_summary);
}

Result<ImageDetails> parse_image(std::string_view body)
{
    auto const answer = TRY(json::read_object(body));
    auto const config = TRY(map(answer, "Config"));
    auto const descriptor = TRY(map(answer, "Descriptor", Absent::IsEmpty));
    ImageDetails image;
    image.id = TRY(image_id(answer));
    image.repo_digests = TRY(repo_digests(answer));
    image.os = TRY(answer.require_text("Os"));
    image.architecture = TRY(answer.require_text("Architecture"));
    image.media_type = TRY(text_or_nothing(descriptor, "mediaType"));
    image.environment = TRY(texts(config, "Env", Absent::IsEmpty));
    image.entrypoint = TRY(texts(config, "Entrypoint", Absent::IsEmpty));
    image.command = TRY(texts(config, "Cmd", Absent::IsEmpty));
    image.user = TRY(text_or_nothing(config, "User"));
    image.working_directory = TRY(text_or_nothing(config, "WorkingDir"));
    image.labels = TRY(text_map(config, "Labels", Absent::IsEmpty));
    image.volumes = TRY(names(config, "Volumes"));
    image.exposed_ports = TRY(names(config, "ExposedPorts"));
    return image;
}

Result<std::vector<ContainerSummary>> parse_containers(std::string_view body)
{
    return each(TRY(read_array(body)), container_summary);
}

Result<std::string> parse_created(std::string_view body) { return container_id(TRY(json::read_object(body))); }

Result<Distribution> parse_distribution(std::string_view body)
{
    auto const answer = TRY(json::read_object(body));
    auto const* descriptor = TRY(answer.require_object("Descriptor"));
    auto const digest = TRY(descriptor->require_text("digest"));
    auto const media_type = TRY(descriptor->require_text("mediaType"));
    auto const platforms = TRY(each(TRY(list(answer, "Platforms")), platform).in("\"Platforms\""));
    return Distribution {
        .digest = TRY(image::ManifestDigest::parse(digest).in("\"digest\"")),
        .media_type = media_type,
        .platforms = platforms,
    };
}

Result<Exit> parse_exit(std::string_view body)
{
    auto const answer = TRY(json::read_object(body));
    auto const error = TRY(map(answer, "Error", Absent::IsEmpty));
    if (!TRY(text_or_nothing(error, "Message")).empty())
        return Error(ErrorKind::Refused, "the Docker Engine could not wait for the container");
    auto const* code = TRY(answer.require("StatusCode"));
    if (code->negative())
        return Exit { *code->negative() };
    if (!code->number() || *code->number() > std::numeric_limits<std::int32_t>::max())
        return wrong_type("StatusCode", "an exit code");
    return Exit { static_cast<std::int64_t>(*code->number()) };
}

std::string refusal_text(std::string_view body)
{
    auto const answer = json::read_object(body);
    auto const* message = answer.ok() ? answer.value().find("message") : nullptr;
    return message && message->text() ? *message->text() : std::string(body);
}

std::string clean(Scrubber const& scrubber, std::string_view text)
{
    return printable(scrubber ? scrubber(text) : std::string(text));
}

}  // namespace mpc::docker
