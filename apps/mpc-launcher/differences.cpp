// "Asked is not done": the container that the engine made, held against what was asked.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "node_container.h"

namespace mpc::launcher {

namespace {

bool is_empty(json::Value const* value)
{
    return !value || value->is_null() || (value->text() && value->text()->empty())
        || (value->array() && value->array()->empty()) || (value->object() && value->object()->size() == 0)
        || (value->boolean() && !*value->boolean()) || (value->number() && *value->number() == 0);
}

/// Collects the names of the fields of one object of the inspect document that are not as they should be.
class Comparison {
public:
    Comparison(json::Object const& parent, std::string_view name, std::vector<std::string>& found)
        : m_prefix(std::string(name) + (name.empty() ? "" : ".")), m_found(found)
    {
        auto const* member = parent.find(name);
        m_object = name.empty() ? &parent : member ? member->object() : nullptr;
        if (!m_object)
            m_found.push_back(std::string(name));
    }

    [[nodiscard]] json::Value const* field(std::string_view name) const
    {
        return m_object ? m_object->find(name) : nullptr;
    }

    void expect(bool equal, std::string_view name)
    {
        if (!equal)
            m_found.push_back(m_prefix + std::string(name));
    }
    /// Absent, null, false, 0 and empty all say "nothing special"; engines differ in which they write.
    void expect_nothing(std::initializer_list<std::string_view> names)
    {
        for (auto const name : names)
            expect(is_empty(field(name)), name);
    }
    void expect_text(std::string_view name, std::string_view expected)
    {
        auto const* value = field(name);
        expect(expected.empty() ? is_empty(value) : value && value->text() && *value->text() == expected, name);
    }
    void expect_one_of(std::string_view name, std::initializer_list<std::string_view> allowed)
    {
        auto const* value = field(name);
        auto const text = value && value->text() ? std::string_view(*value->text()) : std::string_view();
        expect(std::ranges::find(allowed, text) != allowed.end() && (is_empty(value) || value->text()), name);
    }
    void expect_true(std::string_view name)
    {
        auto const* value = field(name);
        expect(value && value->boolean() && *value->boolean(), name);
    }
    /// Compares structures by their canonical text.
    void expect_value(std::string_view name, json::Value const& expected)
    {
        auto const* value = field(name);
        expect(is_empty(&expected) ? is_empty(value)
                                   : value && json::write_canonical(*value) == json::write_canonical(expected),
            name);
    }

private:
    std::string m_prefix;
    std::vector<std::string>& m_found;
    json::Object const* m_object = nullptr;
};

using Variables = std::map<std::string, std::string>;

void put(Variables& variables, std::string_view assignment)
{
    auto const equals = assignment.find('=');
    variables[std::string(assignment.substr(0, equals))] =
        equals == std::string_view::npos ? "" : std::string(assignment.substr(equals + 1));
}

/// The image's variables, ours over them; each name that differs is reported, no value is.
void compare_environment(ContainerSpec const& spec, Comparison& config)
{
    Variables expected;
    for (auto const& assignment : spec.image.environment)
        put(expected, assignment);
    for (auto const& [name, value] : spec.environment)
        expected[name] = value.reveal();

    Variables actual;
    std::size_t entries = 0;
    auto const* list = config.field("Env");
    for (auto const& entry : list && list->array() ? *list->array() : json::Array()) {
        put(actual, entry.text() ? *entry.text() : "");
        ++entries;
    }
    config.expect(entries == actual.size(), "Env (a name twice)");
    for (auto const& [name, value] : expected)
        config.expect(actual.contains(name) && actual[name] == value, fmt::format("Env[{}]", name));
    for (auto const& [name, value] : actual)
        config.expect(expected.contains(name), fmt::format("Env[{}]", printable(name, 64)));
}

void compare_config(ContainerSpec const& spec, json::Object const& inspected, std::vector<std::string>& found)
{
    Comparison config(inspected, "Config", found);
    config.expect_text("Image", spec.image.id);
    config.expect_text("User", spec.image.user);
    config.expect_text("WorkingDir", spec.image.working_directory);
    config.expect_value("Entrypoint", texts(spec.image.entrypoint));
    config.expect_value("Cmd", texts(spec.command.empty() ? spec.image.command : spec.command));
    config.expect_nothing({ "Tty", "OpenStdin", "StdinOnce", "AttachStdin", "NetworkDisabled" });
    compare_environment(spec, config);
    json::Object labels;
    for (auto const& [name, value] : spec.labels)
        labels.add(name, value);
    for (auto const& [name, value] : spec.image.labels)
        labels.add(name, value);
    config.expect_value("Labels", labels);
}

void compare_host_config(ContainerSpec const& spec, json::Object const& inspected, std::vector<std::string>& found)
{
    Comparison host(inspected, "HostConfig", found);
    auto const strict = spec.hardening == Hardening::Strict;
    auto const body = create_body(spec);
    auto const* asked = body.find("HostConfig")->object();
    host.expect_nothing({ "Privileged", "CapAdd", "Devices", "DeviceRequests", "DeviceCgroupRules", "GroupAdd", "Links",
        "VolumesFrom", "Mounts", "ExtraHosts", "Dns", "DnsOptions", "DnsSearch", "PublishAllPorts", "PidMode",
        "UTSMode", "UsernsMode", "Cgroup", "CgroupParent", "Sysctls", "StorageOpt", "AutoRemove", "VolumeDriver",
        "OomScoreAdj", "Annotations" });
    host.expect_one_of("NetworkMode", { "default", "bridge" });
    host.expect_one_of("IpcMode", { "", "private", "shareable" });
    host.expect_value("SecurityOpt", json::Array { "no-new-privileges:true" });
    host.expect_value("CapDrop", strict ? json::Array { "ALL" } : json::Array());
    if (strict) {
        host.expect_true("ReadonlyRootfs");
        host.expect_value("Tmpfs", *asked->find("Tmpfs"));
        host.expect_value("PidsLimit", *asked->find("PidsLimit"));
    } else {
        host.expect_nothing({ "ReadonlyRootfs", "Tmpfs" });
    }
    // Asked as text, so compared as text: the engine must not have moved a port to another address or number.
    host.expect_value("PortBindings", *asked->find("PortBindings"));
    // What hides /proc/kcore and the like; empty would mean "unconfined".
    host.expect(!is_empty(host.field("MaskedPaths")), "MaskedPaths");
    host.expect(!is_empty(host.field("ReadonlyPaths")), "ReadonlyPaths");

    auto const* restart = host.field("RestartPolicy");
    auto const* policy = restart ? restart->object() : nullptr;
    auto const* name = policy ? policy->find("Name") : nullptr;
    auto const actual = name && name->text() && !name->text()->empty() ? *name->text() : "no";
    host.expect(policy && actual == spec.restart_policy, "RestartPolicy");
}

/// A mount as one text, for comparing sets of them.
std::string mount_text(std::string_view type, std::string_view source, std::string_view destination, bool writable)
{
    return fmt::format("{} {} {} {}", type, source, destination, writable);
}

void compare_mounts(ContainerSpec const& spec, json::Object const& inspected, std::vector<std::string>& found)
{
    std::set<std::string> expected;
    std::set<std::string> destinations;
    for (auto const& mount : spec.mounts) {
        expected.insert(mount_text(mount.type, origin_of(mount), mount.destination, mount.writable));
        destinations.insert(mount.destination);
    }
    auto const* list = inspected.find("Mounts");
    if (!list || !list->array()) {
        found.push_back("Mounts");
        return;
    }
    for (auto const& element : *list->array()) {
        auto const entry = element.object() ? *element.object() : json::Object();
        auto const text = [&](std::string_view name) {
            auto const* value = entry.find(name);
            return value && value->text() ? *value->text() : std::string();
        };
        auto const* writable = entry.find("RW");
        auto const type = text("Type");
        auto const destination = text("Destination");
        auto const actual = mount_text(type, type == "volume" ? text("Name") : text("Source"), destination,
            writable && writable->boolean() && *writable->boolean());
        // A volume that the image itself declares gets an anonymous volume; it is part of what was approved.
        auto const declared = type == "volume" && !destinations.contains(destination)
            && std::ranges::find(spec.image.volumes, destination) != spec.image.volumes.end()
            && text("Name").size() == 64;
        auto const tmpfs = type == "tmpfs" && destination == "/tmp" && spec.hardening == Hardening::Strict;
        if (expected.erase(actual) == 0 && !declared && !tmpfs)
            found.push_back(fmt::format("Mounts[{}]", printable(destination, 64)));
    }
    for (auto const& missing : expected)
        found.push_back(fmt::format("Mounts[{}] is missing", missing));
}

}  // namespace

std::vector<std::string> differences(ContainerSpec const& spec, json::Object const& inspected)
{
    std::vector<std::string> found;
    Comparison whole(inspected, "", found);
    whole.expect_text("Image", spec.image.id);
    whole.expect_text("Name", "/" + spec.name);
    compare_config(spec, inspected, found);
    compare_host_config(spec, inspected, found);
    compare_mounts(spec, inspected, found);
    return found;
}

}  // namespace mpc::launcher
