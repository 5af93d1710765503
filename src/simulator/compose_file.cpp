// The only file that sees yaml-cpp.
#include "simulator/compose_file.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/log.h"

namespace mpc::simulator {

namespace {

constexpr std::size_t size_limit = 256 * 1024;  // of dstack 0.5.5 to 0.5.11
constexpr std::string_view project = "dstack";  // the directory in which dstack runs docker compose

Error malformed(std::string const& what) { return { ErrorKind::Invalid, printable(what, 200) }; }

Result<std::string> text_of(YAML::Node const& node, std::string const& where)
{
    if (!node.IsScalar())
        return malformed(where + " is not a text");
    auto text = node.Scalar();
    if (text.find('$') != std::string::npos)
        return malformed(where + " has a \"$\": variables are not known here");
    return text;
}

Result<bool> flag_of(YAML::Node const& node, std::string const& where)
{
    auto const text = TRY(text_of(node, where));
    if (text != "true" && text != "false")
        return malformed(where + " is neither true nor false");
    return text == "true";
}

/// A list of texts, or one text where Compose takes that as well.
Result<std::vector<std::string>> list_of(YAML::Node const& node, std::string const& where)
{
    std::vector<std::string> list;
    if (!node.IsSequence())
        return malformed(where + " is not a list");
    for (auto const& entry : node)
        list.push_back(TRY(text_of(entry, where)));
    return list;
}

/// "NAME=value" from either form.
Result<std::vector<std::string>> assignments_of(YAML::Node const& node, std::string const& where)
{
    if (!node.IsMap())
        return list_of(node, where);
    std::vector<std::string> list;
    for (auto const& entry : node)
        list.push_back(TRY(text_of(entry.first, where)) + "=" + TRY(text_of(entry.second, where)));
    return list;
}

/// The real names of the named volumes, by the names that the file uses.
Result<std::map<std::string, std::string>> volumes_of(YAML::Node const& node)
{
    std::map<std::string, std::string> volumes;
    for (auto const& entry : node) {
        auto const name = TRY(text_of(entry.first, "volumes"));
        auto real_name = fmt::format("{}_{}", project, name);
        for (auto const& member : entry.second) {
            auto const key = TRY(text_of(member.first, "volumes"));
            if (key != "name")
                return malformed(fmt::format("volumes: \"{}\" is not known", key));
            real_name = TRY(text_of(member.second, "volumes"));
        }
        volumes.emplace(name, real_name);
    }
    return volumes;
}

Result<std::string> bind_of(std::string const& text, std::map<std::string, std::string> const& volumes)
{
    auto const source = text.substr(0, text.find(':'));
    if (source.size() == text.size())
        return malformed(fmt::format("volumes: \"{}\" has no target", text));
    if (source.starts_with('/'))
        return text;
    auto const volume = volumes.find(source);
    if (volume == volumes.end())
        return malformed(fmt::format("volumes: \"{}\" is not declared", source));
    return volume->second + text.substr(source.size());
}

/// One member of a service, into its place.
using Read = std::function<Result<void>(ComposeService&, YAML::Node const&, std::string const& where)>;

Read text_into(std::string ComposeService::* place)
{
    return [place](ComposeService& service, YAML::Node const& node, std::string const& where) -> Result<void> {
        service.*place = TRY(text_of(node, where));
        return ok;
    };
}

Read flag_into(bool ComposeService::* place)
{
    return [place](ComposeService& service, YAML::Node const& node, std::string const& where) -> Result<void> {
        service.*place = TRY(flag_of(node, where));
        return ok;
    };
}

enum class OneText { Refused, Taken };

Read list_into(std::vector<std::string> ComposeService::* place, OneText one_text = OneText::Refused)
{
    return [=](ComposeService& service, YAML::Node const& node, std::string const& where) -> Result<void> {
        if (one_text == OneText::Taken && node.IsScalar())
            service.*place = { TRY(text_of(node, where)) };
        else
            service.*place = TRY(list_of(node, where));
        return ok;
    };
}

Result<void> read_environment(ComposeService& service, YAML::Node const& node, std::string const& where)
{
    service.environment = TRY(assignments_of(node, where));
    return ok;
}

Result<void> read_labels(ComposeService& service, YAML::Node const& node, std::string const& where)
{
    for (auto const& label : TRY(assignments_of(node, where))) {
        auto const name = label.substr(0, label.find('='));
        service.labels[name] = label.substr(std::min(name.size() + 1, label.size()));
    }
    return ok;
}

std::map<std::string, Read, std::less<>> const& readers()
{
    using S = ComposeService;
    static std::map<std::string, Read, std::less<>> const all {
        { "image", text_into(&S::image) },
        { "container_name", text_into(&S::container_name) },
        { "environment", read_environment },
        { "command", list_into(&S::command, OneText::Refused) },
        { "entrypoint", list_into(&S::entrypoint, OneText::Refused) },
        { "volumes", list_into(&S::binds) },
        { "tmpfs", list_into(&S::tmpfs, OneText::Taken) },
        { "security_opt", list_into(&S::security_opt) },
        { "cap_add", list_into(&S::cap_add) },
        { "cap_drop", list_into(&S::cap_drop) },
        { "read_only", flag_into(&S::read_only) },
        { "init", flag_into(&S::init) },
        { "restart", text_into(&S::restart) },
        { "network_mode", text_into(&S::network_mode) },
        { "user", text_into(&S::user) },
        { "labels", read_labels },
    };
    return all;
}

Result<ComposeService> service_of(std::string const& name, YAML::Node const& node,
    std::map<std::string, std::string> const& volumes)
{
    ComposeService service { .name = name, .image = {} };
    if (!node.IsMap())
        return malformed(fmt::format("service {} is empty", name));
    for (auto const& member : node) {
        auto const key = TRY(text_of(member.first, "service " + name));
        auto const reader = readers().find(key);
        if (reader == readers().end())
            return malformed(fmt::format("service {}: \"{}\" is not known", name, key));
        TRY(reader->second(service, member.second, fmt::format("service {}: {}", name, key)));
    }
    if (service.image.empty())
        return malformed(fmt::format("service {} has no image", name));
    if (service.container_name.empty())
        service.container_name = fmt::format("{}-{}-1", project, name);
    for (auto& bind : service.binds)
        bind = TRY(bind_of(bind, volumes).in("service " + name));
    return service;
}

Result<ComposeFile> compose_file_of(YAML::Node const& root)
{
    if (!root.IsMap())
        return malformed("it is not a map");
    for (auto const& member : root) {
        auto const key = TRY(text_of(member.first, "the file"));
        if (key != "services" && key != "volumes" && key != "version" && key != "name")
            return malformed(fmt::format("\"{}\" is not known", key));
    }
    if (!root["services"] || !root["services"].IsMap())
        return malformed("it has no services");
    auto const volumes = TRY(volumes_of(root["volumes"] ? root["volumes"] : YAML::Node()));
    ComposeFile file { .services = {} };
    for (auto const& [_, real_name] : volumes)
        file.volumes.push_back(real_name);
    for (auto const& entry : root["services"])
        file.services.push_back(TRY(service_of(TRY(text_of(entry.first, "services")), entry.second, volumes)));
    return file;
}

}  // namespace

Result<ComposeFile> parse_compose_file(std::string_view text)
{
    if (text.size() > size_limit)
        return Error(ErrorKind::Invalid, "compose file: larger than 256 KiB");
    try {
        return compose_file_of(YAML::Load(std::string(text))).in("compose file");
    } catch (YAML::Exception const& error) {
        return malformed(error.what()).in("compose file");
    }
}

}  // namespace mpc::simulator
