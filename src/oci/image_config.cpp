#include "oci/image_config.h"

#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace mpc::oci {

namespace {

Result<std::string> time_text(std::int64_t epoch)
{
    constexpr std::int64_t year_10000 = 253402300800;
    if (epoch < 0 || epoch >= year_10000)
        return Error(ErrorKind::Invalid, "SOURCE_DATE_EPOCH is before 1970 or after 9999");
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(epoch)));
}

json::Array array_of(std::vector<std::string> const& texts)
{
    json::Array array;
    for (auto const& text : texts)
        array.emplace_back(text);
    return array;
}

/// The member of that name where it is an object, or a new one.
json::Object object_in(json::Object const& from, std::string_view name)
{
    auto const* const value = from.find(name);
    return value && value->object() ? *value->object() : json::Object();
}

json::Array array_in(json::Object const& from, std::string_view name)
{
    auto const* const value = from.find(name);
    return value && value->array() ? *value->array() : json::Array();
}

json::Object without(json::Object const& object, std::set<std::string_view> const& names)
{
    json::Object rest;
    for (auto const& [name, value] : object)
        if (!names.contains(name))
            rest.add_new(name, value);
    return rest;
}

/// The object with a member replaced or added.
void put(json::Object& object, std::string const& name, json::Value value)
{
    object = without(object, { name });
    object.add_new(name, std::move(value));
}

json::Array env_of(json::Object const& base, std::vector<std::string> const& more)
{
    auto env = array_in(base, "Env");
    for (auto const& variable : more) {
        auto const name = variable.substr(0, variable.find('=') + 1);
        std::erase_if(env, [&](json::Value const& old) { return old.text() && old.text()->starts_with(name); });
        env.emplace_back(variable);
    }
    return env;
}

json::Object container_of(json::Object container, ContainerDefaults const& chosen)
{
    if (chosen.entrypoint) {
        container = without(container, { "Entrypoint", "Cmd" });
        container.add_new("Entrypoint", array_of(*chosen.entrypoint));
    }
    if (chosen.command)
        put(container, "Cmd", array_of(*chosen.command));
    if (!chosen.env.empty())
        put(container, "Env", env_of(container, chosen.env));
    auto labels = object_in(container, "Labels");
    for (auto const& [name, value] : chosen.labels)
        put(labels, name, value);
    if (labels.size() > 0)
        put(container, "Labels", labels);
    auto ports = object_in(container, "ExposedPorts");
    for (auto const& port : chosen.ports)
        put(ports, port, json::Object());
    if (ports.size() > 0)
        put(container, "ExposedPorts", ports);
    if (chosen.workdir)
        put(container, "WorkingDir", *chosen.workdir);
    if (chosen.user)
        put(container, "User", *chosen.user);
    return container;
}

std::string layer_type(Compression compression)
{
    constexpr std::string_view tar = "application/vnd.oci.image.layer.v1.tar";
    return std::string(tar) + (compression == Compression::None ? "" : fmt::format("+{}", name_of(compression)));
}

}  // namespace

Result<std::string> config_text(BuildRequest const& request, Sha256 const& diff_id)
{
    json::Object config { { "architecture", "amd64" }, { "os", "linux" } };
    if (request.base)
        config = request.base->inventory.config;
    auto const created = TRY(time_text(request.layer.epoch));
    put(config, "created", created);
    put(config, "config", container_of(object_in(config, "config"), request.defaults));
    auto history = array_in(config, "history");
    history.emplace_back(json::Object { { "created", created }, { "created_by", "mpcctl image build" } });
    put(config, "history", std::move(history));
    auto diff_ids = array_in(object_in(config, "rootfs"), "diff_ids");
    diff_ids.emplace_back(DiffId(diff_id).text());
    put(config, "rootfs", json::Object { { "diff_ids", std::move(diff_ids) }, { "type", "layers" } });
    return json::write_canonical(config);
}

std::string manifest_text(std::string_view config, std::vector<LayerFigures> const& layers, Compression compression)
{
    json::Array described;
    for (auto const& layer : layers)
        described.emplace_back(json::Object { { "digest", LayerDigest(layer.digest).text() },
            { "mediaType", layer_type(layer.compression) }, { "size", layer.size } });
    json::Object const annotations { { "mpcctl.compression", description_of(compression) },
        { "mpcctl.version", MPC_VERSION } };
    return json::write_canonical(json::Object { { "schemaVersion", 2 }, { "mediaType", media::manifest },
        { "annotations", annotations },
        { "config",
            json::Object { { "digest", image::ImageId(sha256({ as_bytes(config) })).text() },
                { "mediaType", media::config }, { "size", config.size() } } },
        { "layers", std::move(described) } });
}

}  // namespace mpc::oci
