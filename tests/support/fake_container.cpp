#include "support/fake_container.h"

#include <ctime>

#include <fmt/format.h>

#include "base/bytes.h"
#include "hash/hash.h"
#include "support/json_edit.h"

namespace mpc::test {

namespace {

/// What engine 20.10 writes into HostConfig where nothing was asked.
constexpr auto host_config_defaults =
    R"({"Binds":null,"ContainerIDFile":"","LogConfig":{"Type":"json-file","Config":{}},
    "NetworkMode":"default","PortBindings":null,"RestartPolicy":{"Name":"","MaximumRetryCount":0},"AutoRemove":false,
    "VolumeDriver":"","VolumesFrom":null,"CapAdd":null,"CapDrop":null,"CgroupnsMode":"host","Dns":null,
    "DnsOptions":null,"DnsSearch":null,"ExtraHosts":null,"GroupAdd":null,"IpcMode":"private","Cgroup":"","Links":null,
    "OomScoreAdj":0,"PidMode":"","Privileged":false,"PublishAllPorts":false,"ReadonlyRootfs":false,
    "SecurityOpt":null,"UTSMode":"",
    "UsernsMode":"","ShmSize":67108864,"ConsoleSize":[0,0],"Isolation":"","CpuShares":0,"Memory":0,"NanoCpus":0,
    "CgroupParent":"","BlkioWeight":0,"BlkioWeightDevice":null,"BlkioDeviceReadBps":null,"BlkioDeviceWriteBps":null,
    "BlkioDeviceReadIOps":null,"BlkioDeviceWriteIOps":null,"CpuPeriod":0,"CpuQuota":0,"CpuRealtimePeriod":0,
    "CpuRealtimeRuntime":0,"CpusetCpus":"","CpusetMems":"","Devices":null,"DeviceCgroupRules":null,
    "DeviceRequests":null,"KernelMemory":0,"KernelMemoryTCP":0,"MemoryReservation":0,"MemorySwap":0,
    "MemorySwappiness":null,"OomKillDisable":false,"PidsLimit":null,"Ulimits":null,"CpuCount":0,"CpuPercent":0,
    "IOMaximumIOps":0,
    "IOMaximumBandwidth":0,
    "MaskedPaths":["/proc/asound","/proc/acpi","/proc/kcore","/proc/keys","/proc/latency_stats","/proc/timer_list",
        "/proc/timer_stats","/proc/sched_debug","/proc/scsi","/sys/firmware"],
    "ReadonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"]})";

std::string now()
{
    auto const seconds = std::time(nullptr);
    std::tm parts {};
    gmtime_r(&seconds, &parts);
    char text[40];
    return { text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000000000Z", &parts) };
}

/// The engine writes an empty list or map as null.
json::Value list_or_null(std::vector<std::string> const& texts)
{
    return texts.empty() ? json::Value() : json::Value(json::Array(texts.begin(), texts.end()));
}

json::Value map_or_null(json::Object object)
{
    return object.size() == 0 ? json::Value() : json::Value(std::move(object));
}

json::Object object_at(json::Object const& object, std::string_view path)
{
    auto const value = at(object, path);
    return value.object() ? *value.object() : json::Object();
}

/// Ours, then what the image has under other names.
json::Array merged_environment(std::vector<std::string> const& asked, FakeImage const& image)
{
    json::Array merged(asked.begin(), asked.end());
    for (auto const& inherited : image.environment) {
        auto const name = inherited.substr(0, inherited.find('='));
        auto const is_ours =
            std::ranges::any_of(asked, [&](auto const& ours) { return ours.substr(0, ours.find('=')) == name; });
        if (!is_ours)
            merged.push_back(inherited);
    }
    return merged;
}

json::Object merged_set(json::Object asked, std::vector<std::string> const& inherited)
{
    for (auto const& name : inherited)
        asked.add(name, json::Object());
    return asked;
}

/// The image's Cmd is inherited only together with its Entrypoint, and [""] asks for no entrypoint at all.
std::pair<json::Value, json::Value> merged_command(json::Object const& body, FakeImage const& image)
{
    auto entrypoint = at(body, "Entrypoint");
    auto command = list_or_null(texts_at(body, "Cmd"));
    if (texts_at(body, "Entrypoint").empty()) {
        if (command.is_null())
            command = list_or_null(image.command);
        if (entrypoint.is_null())
            entrypoint = list_or_null(image.entrypoint);
    } else if (texts_at(body, "Entrypoint") == std::vector<std::string> { "" }) {
        entrypoint = {};
    }
    return { entrypoint, command };
}

json::Object merged_config(std::string const& id, json::Object const& body, FakeImage const& image)
{
    auto const [entrypoint, command] = merged_command(body, image);
    auto labels = object_at(body, "Labels");
    for (auto const& [name, value] : image.labels)
        labels.add(name, value);
    auto const or_image = [&](char const* name, std::string const& inherited) {
        return text_at(body, name).empty() ? inherited : text_at(body, name);
    };
    json::Object config {
        { "Hostname", text_at(body, "Hostname").empty() ? id.substr(0, 12) : text_at(body, "Hostname") },
        { "Domainname", "" },
        { "User", or_image("User", image.user) },
        { "AttachStdin", false },
        { "AttachStdout", false },
        { "AttachStderr", false },
        { "Tty", at(body, "Tty").boolean() && *at(body, "Tty").boolean() },
        { "OpenStdin", false },
        { "StdinOnce", false },
        { "Env", merged_environment(texts_at(body, "Env"), image) },
        { "Cmd", command },
        { "Image", text_at(body, "Image") },
        { "Volumes", map_or_null(merged_set(object_at(body, "Volumes"), image.volumes)) },
        { "WorkingDir", or_image("WorkingDir", image.working_directory) },
        { "Entrypoint", entrypoint },
        { "OnBuild", {} },
        { "Labels", labels },
    };
    if (auto const exposed = merged_set(object_at(body, "ExposedPorts"), image.exposed_ports); exposed.size() > 0)
        config.add("ExposedPorts", exposed);
    for (auto const* name : { "StopSignal", "StopTimeout", "Healthcheck" }) {
        if (auto const asked = at(body, name); !asked.is_null())
            config.add(name, asked);
    }
    return config;
}

json::Object merged_host_config(json::Object const& body)
{
    auto config = json::read_object(host_config_defaults).value();
    if (!body.find("HostConfig"))
        return config;
    config = with(config, "Runtime", "runc");
    for (auto const& [name, value] : object_at(body, "HostConfig"))
        config = with(config, name, value);
    if (!at(config, "RestartPolicy.MaximumRetryCount").number())
        config = with(config, "RestartPolicy.MaximumRetryCount", 0);
    return config;
}

json::Object volume_mount(std::string const& name, std::string const& destination, std::string const& mode,
    bool writable)
{
    return { { "Type", "volume" }, { "Name", name }, { "Source", "/var/lib/docker/volumes/" + name + "/_data" },
        { "Destination", destination }, { "Driver", "local" }, { "Mode", mode }, { "RW", writable },
        { "Propagation", "" } };
}

json::Object bind_mount(std::string const& source, std::string const& destination, std::string const& mode,
    bool writable)
{
    return { { "Type", "bind" }, { "Source", source }, { "Destination", destination }, { "Mode", mode },
        { "RW", writable }, { "Propagation", "rprivate" } };
}

/// "source:destination[:mode]"; a source that is no path is a volume's name.
json::Object mount_of_bind(std::string const& text)
{
    auto const first = text.find(':');
    auto const second = std::min(text.find(':', first + 1), text.size());
    auto const source = text.substr(0, first);
    auto const destination = text.substr(first + 1, second - first - 1);
    auto const mode = second == text.size() ? std::string() : text.substr(second + 1);
    auto const writable = ("," + mode + ",").find(",ro,") == std::string::npos;
    return source.starts_with('/') ? bind_mount(source, destination, mode, writable)
                                   : volume_mount(source, destination, mode.empty() ? "z" : mode, writable);
}

json::Object mount_of_request(json::Object const& asked)
{
    auto const type = text_at(asked, "Type");
    auto const destination = text_at(asked, "Target");
    auto const read_only = at(asked, "ReadOnly");
    auto const writable = !(read_only.boolean() && *read_only.boolean());
    if (type == "bind")
        return bind_mount(text_at(asked, "Source"), destination, "", writable);
    if (type == "volume")
        return volume_mount(text_at(asked, "Source"), destination, "z", writable);
    return { { "Type", type }, { "Source", "" }, { "Destination", destination }, { "Mode", "" }, { "RW", writable },
        { "Propagation", "" } };
}

Result<json::Array> merged_mounts(FakeContainer const& container)
{
    json::Array mounts;
    auto const add = [&](json::Object mount) -> Result<void> {
        auto const destination = text_at(mount, "Destination");
        for (auto const& other : mounts) {
            if (text_at(*other.object(), "Destination") == destination)
                return Error(ErrorKind::Invalid, "Duplicate mount point: " + destination);
        }
        mounts.push_back(std::move(mount));
        return ok;
    };
    for (auto const& bind : texts_at(container.host_config, "Binds"))
        TRY(add(mount_of_bind(bind)));
    auto const asked = at(container.host_config, "Mounts");
    for (auto const& mount : asked.array() ? *asked.array() : json::Array())
        TRY(add(mount_of_request(mount.object() ? *mount.object() : json::Object())));
    for (auto const& [destination, nothing] : object_at(container.config, "Volumes")) {
        auto const anonymous = to_hex(sha256({ as_bytes(container.id), as_bytes(destination) }));
        (void)add(volume_mount(anonymous, destination, "", true)).ok();  // a mount that was asked for takes its place
    }
    return mounts;
}

/// The process: the entrypoint's words, then the command's.
std::vector<std::string> process_of(json::Object const& config)
{
    auto words = texts_at(config, "Entrypoint");
    auto const command = texts_at(config, "Cmd");
    words.insert(words.end(), command.begin(), command.end());
    return words;
}

}  // namespace

Result<FakeContainer> FakeContainer::create(std::string id, std::string name, json::Object const& body,
    FakeImage const& image, std::string image_id)
{
    FakeContainer container;
    container.id = std::move(id);
    container.name = std::move(name);
    container.image_id = std::move(image_id);
    container.image_reference = text_at(body, "Image");
    container.config = merged_config(container.id, body, image);
    container.host_config = merged_host_config(body);
    if (process_of(container.config).empty())
        return Error(ErrorKind::Invalid, "No command specified");
    container.mounts = TRY(merged_mounts(container));
    return container;
}

std::string FakeContainer::restart_policy() const { return text_at(host_config, "RestartPolicy.Name"); }

std::vector<std::string> FakeContainer::host_ports() const
{
    std::vector<std::string> ports;
    for (auto const& [port, nothing] : object_at(config, "ExposedPorts")) {
        auto const bindings = object_at(host_config, "PortBindings");
        auto const* bound = bindings.find(port);
        for (auto const& binding : bound && bound->array() ? *bound->array() : json::Array())
            ports.push_back(text_at(*binding.object(), "HostPort"));
    }
    return ports;
}

void FakeContainer::start(std::optional<FakeEnding> const& ending)
{
    state = "running";
    exit_code = 0;
    error.clear();
    stopped_by_hand = false;
    m_started_at = now();
    ends_at.reset();
    if (ending) {
        ends_at = std::chrono::steady_clock::now() + ending->after;
        ends_with = ending->exit_code;
    }
}

void FakeContainer::end(int code)
{
    state = "exited";
    exit_code = code;
    m_finished_at = now();
    ends_at.reset();
}

json::Object FakeContainer::inspect() const
{
    auto const process = process_of(config);
    json::Object ports;
    for (auto const& [port, nothing] : is_running() ? object_at(config, "ExposedPorts") : json::Object()) {
        auto const bindings = object_at(host_config, "PortBindings");
        ports.add(port, bindings.find(port) ? *bindings.find(port) : json::Value());
    }
    return {
        { "Id", id },
        { "Created", "2026-01-02T03:04:05.678901234Z" },
        { "Path", process.front() },
        { "Args", json::Array(process.begin() + 1, process.end()) },
        { "State",
            json::Object { { "Status", state }, { "Running", is_running() }, { "Paused", state == "paused" },
                { "Restarting", state == "restarting" }, { "OOMKilled", false }, { "Dead", state == "dead" },
                { "Pid", is_running() ? 4242 : 0 }, { "ExitCode", exit_code }, { "Error", error },
                { "StartedAt", m_started_at }, { "FinishedAt", m_finished_at } } },
        { "Image", image_id },
        { "Name", "/" + name },
        { "RestartCount", restarts },
        { "Driver", "overlay2" },
        { "Platform", "linux" },
        { "MountLabel", "" },
        { "ProcessLabel", "" },
        { "AppArmorProfile", "" },
        { "ExecIDs", {} },
        { "HostConfig", host_config },
        { "Mounts", mounts },
        { "Config", config },
        { "NetworkSettings",
            json::Object { { "Ports", ports }, { "Networks", json::Object { { "bridge", json::Object() } } } } },
    };
}

json::Object FakeContainer::summary() const
{
    json::Array ports;
    for (auto const& [port, nothing] : is_running() ? object_at(config, "ExposedPorts") : json::Object()) {
        json::Object const exposed { { "PrivatePort", std::stoi(port) }, { "Type", port.substr(port.find('/') + 1) } };
        auto const bindings = object_at(host_config, "PortBindings");
        auto const* bound = bindings.find(port);
        if (!bound || !bound->array())
            ports.push_back(exposed);
        for (auto const& binding : bound && bound->array() ? *bound->array() : json::Array()) {
            for (auto const* address : { "0.0.0.0", "::" })
                ports.push_back(with(with(exposed, "PublicPort", std::stoi(text_at(*binding.object(), "HostPort"))),
                    "IP", address));
        }
    }
    return {
        { "Id", id },
        { "Names", json::Array { "/" + name } },
        { "Image", image_reference },
        { "ImageID", image_id },
        { "Command", fmt::format("{}", fmt::join(process_of(config), " ")) },
        { "Created", 1767323045 },
        { "Ports", ports },
        { "Labels", object_at(config, "Labels") },
        { "State", state },
        { "Status", state },
        { "HostConfig", json::Object { { "NetworkMode", text_at(host_config, "NetworkMode") } } },
        { "NetworkSettings", json::Object { { "Networks", json::Object { { "bridge", json::Object() } } } } },
        { "Mounts", mounts },
    };
}

json::Object config_of(FakeImage const& image)
{
    json::Object labels;
    for (auto const& [name, value] : image.labels)
        labels.add(name, value);
    json::Object config {
        { "Hostname", "" },
        { "User", image.user },
        { "Env", list_or_null(image.environment) },
        { "Cmd", list_or_null(image.command) },
        { "Volumes", map_or_null(merged_set({}, image.volumes)) },
        { "WorkingDir", image.working_directory },
        { "Entrypoint", list_or_null(image.entrypoint) },
        { "OnBuild", {} },
        { "Labels", map_or_null(labels) },
    };
    if (!image.exposed_ports.empty())
        config.add("ExposedPorts", merged_set({}, image.exposed_ports));
    return config;
}

}  // namespace mpc::test
