#include "simulator/virtual_machine.h"

#include <climits>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "hash/hash.h"
#include "http/client.h"
#include "simulator/measured_vm.h"

namespace mpc::simulator {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t file_limit = std::size_t { 16 } << 20;
constexpr std::size_t events_kept = 20;

/// What the guest reported in this boot, oldest first.
std::vector<json::Object> read_events(fs::path const& path)
{
    std::vector<json::Object> events;
    auto const text = read_file(path, file_limit);
    std::string_view rest = text.ok() ? std::string_view(*text) : std::string_view();
    while (!rest.empty()) {
        auto const line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        if (auto const event = json::read_object(line); event.ok())
            events.push_back(*event);
    }
    return events;
}

/// The body of the newest event of that name, or "".
std::string newest(std::vector<json::Object> const& events, std::string_view name, std::string_view otherwise = "")
{
    std::string body(otherwise);
    for (auto const& event : events) {
        auto const* const event_name = event.find("event");
        auto const* const event_body = event.find("body");
        if (event_name && event_name->text() && *event_name->text() == name && event_body && event_body->text())
            body = *event_body->text();
    }
    return body;
}

/// How long ago that was, as Rust's humantime writes whole seconds: "1h 2m 3s" without the parts that are 0.
std::string time_since(std::optional<std::chrono::steady_clock::time_point> moment)
{
    if (!moment)
        return "never";
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - *moment).count();
    std::string text;
    for (auto const& [unit, length] : { std::pair { "day", 86400 }, { "h", 3600 }, { "m", 60 }, { "s", 1 } }) {
        auto const count = seconds / length;
        seconds %= length;
        if (count != 0)
            text +=
                fmt::format("{}{}{}{}", text.empty() ? "" : " ", count, unit, length == 86400 && count > 1 ? "s" : "");
    }
    return text.empty() ? "0s" : text;
}

/// Becomes `command`, with its outputs in files; killed with the thread that forked it.
[[noreturn]] void become(std::vector<std::string> const& command, fs::path const& directory)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto const null = open("/dev/null", O_RDONLY);
    auto const out = open((directory / "stdout.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    auto const err = open((directory / "stderr.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(null, 0);
    dup2(out, 1);
    dup2(err, 2);
    close_range(3, UINT_MAX, 0);  // a connection that stayed open here would seem alive to its client
    std::vector<char*> words;
    for (auto const& word : command)
        words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    execv(words.front(), words.data());
    _exit(127);
}

}  // namespace

std::string_view name_of(VmStatus status)
{
    switch (status) {
    case VmStatus::Removing: return "removing";
    case VmStatus::Running: return "running";
    case VmStatus::Exited: return "exited";
    case VmStatus::Stopping: return "stopping";
    case VmStatus::Stopped: return "stopped";
    }
    return "";
}

VirtualMachine::VirtualMachine(fs::path directory, VmConfiguration configuration, VmSetting setting)
    : m_directory(std::move(directory)), m_configuration(std::move(configuration)), m_setting(std::move(setting))
{
}

VirtualMachine::~VirtualMachine()
{
    stop();
    wait_for_the_end();
}

Result<std::unique_ptr<VirtualMachine>> VirtualMachine::create(fs::path const& directory, VmConfiguration configuration,
    VmSetting const& setting)
{
    std::error_code error;
    fs::create_directories(directory / "shared", error);
    if (error)
        return Error(ErrorKind::Io, "cannot make " + directory.string() + ": " + error.message());
    auto machine = std::unique_ptr<VirtualMachine>(new VirtualMachine(directory, std::move(configuration), setting));
    TRY(machine->store());
    TRY(machine->write_state());
    return machine;
}

Result<std::unique_ptr<VirtualMachine>> VirtualMachine::load(fs::path const& directory, VmSetting const& setting)
{
    auto const manifest =
        TRY(json::read_object(TRY(read_file(directory / "vm-manifest.json", file_limit))).in(directory.string()));
    auto configuration = TRY(VmConfiguration::from(manifest).in(directory.string()));
    configuration.created_at_ms = TRY(manifest.require_number("created_at_ms").in(directory.string()));
    configuration.compose_file = TRY(read_file(directory / "shared/app-compose.json", file_limit));
    configuration.user_config = TRY(read_file(directory / "shared/.user-config", file_limit));
    return std::unique_ptr<VirtualMachine>(new VirtualMachine(directory, std::move(configuration), setting));
}

Result<void> VirtualMachine::store() const
{
    TRY(write_file_atomically(m_directory / "shared/app-compose.json", m_configuration.compose_file));
    TRY(write_file_atomically(m_directory / "shared/.user-config", m_configuration.user_config));
    auto manifest = m_configuration;
    manifest.compose_file.clear();
    manifest.user_config.clear();
    auto object = manifest.to_json();
    object.add("created_at_ms", m_configuration.created_at_ms);
    return write_file_atomically(m_directory / "vm-manifest.json", json::write_pretty(object));
}

Result<void> VirtualMachine::write_state() const
{
    return write_file_atomically(m_directory / "vm-state.json", json::write(json::Object { { "started", m_started } }));
}

std::vector<std::string> VirtualMachine::command_line() const
{
    auto const shared = m_directory / "shared";
    std::vector<std::string> words { m_setting.program.string(), "sim", "cvm", "--directory", m_directory.string(),
        "--app-compose", (shared / "app-compose.json").string(), "--user-config", (shared / ".user-config").string(),
        "--seed", std::to_string(m_setting.seed), "--version", m_setting.version, "--vcpu",
        std::to_string(m_configuration.vcpu), "--memory", std::to_string(m_configuration.memory), "--os-image",
        m_configuration.image };
    if (m_setting.registry) {
        words.emplace_back("--registry");
        words.push_back(fmt::format("{}:{}", m_setting.registry->address, m_setting.registry->port));
    }
    for (auto const& archive : m_setting.archives) {
        words.emplace_back("--image-archive");
        words.push_back(archive.string());
    }
    for (auto const& port : m_configuration.ports) {
        if (port.protocol != "tcp")
            continue;
        auto const address = port.host_address.starts_with("127.") ? port.host_address : "127.0.0.1";
        words.emplace_back("--port");
        words.push_back(fmt::format("{}:{}:{}", address, port.host_port, port.vm_port));
    }
    return words;
}

Result<void> VirtualMachine::start()
{
    look();
    if (m_is_removed)
        return Error(ErrorKind::Refused, "VM is being removed");
    if (m_was_killed)
        wait_for_the_end();
    if (m_process != 0)
        return ok;
    std::error_code ignored;
    fs::remove(m_directory / "events.jsonl", ignored);
    auto const words = command_line();
    auto const process = fork();
    if (process == 0)
        become(words, m_directory);
    if (process < 0)
        return Error(ErrorKind::Io, "cannot start a process: " + errno_text());
    m_process = process;
    m_started = true;
    m_since = std::chrono::steady_clock::now();
    m_exited.reset();
    return write_state();
}

void VirtualMachine::look()
{
    if (m_process != 0 && waitpid(m_process, nullptr, WNOHANG) != 0) {
        m_process = 0;
        m_is_ending = true;
        m_exited = std::chrono::steady_clock::now();
    }
    // What the guest says in the end is what makes it stopped; one that ends without a word has exited.
    if (m_started && newest(read_events(m_directory / "events.jsonl"), "shutdown.progress") == "powering off") {
        m_started = false;
        static_cast<void>(write_state().ok());
    }
    if (m_is_ending && power_is_off(m_directory)) {
        m_is_ending = false;
        m_was_killed = false;
    }
    std::error_code ignored;
    if (m_is_removed && !is_on())
        fs::remove_all(m_directory, ignored);
}

/// Of one that was killed.
void VirtualMachine::wait_for_the_end()
{
    if (m_process != 0)
        waitpid(m_process, nullptr, 0);
    if (is_on())
        wait_for_power_off(m_directory);
    m_process = 0;
    m_is_ending = false;
    m_was_killed = false;
}

void VirtualMachine::stop()
{
    m_started = false;
    look();
    if (m_process != 0) {
        kill(m_process, SIGKILL);
        m_was_killed = true;
    }
    static_cast<void>(write_state().ok());
}

bool VirtualMachine::guest_answers()
{
    if (status() != VmStatus::Running)
        return false;
    auto const never = Interrupt::never();
    http::Client const agent(m_directory / "run/dstack.sock", never);
    return agent.send({ .method = http::Method::Get, .target = "/" }, { .deadline = std::chrono::seconds(2) }).ok();
}

void VirtualMachine::shut_down()
{
    look();
    if (m_process != 0)
        kill(m_process, SIGTERM);
}

void VirtualMachine::remove()
{
    stop();
    m_is_removed = true;
    look();
}

bool VirtualMachine::is_gone()
{
    look();
    return m_is_removed && !is_on();
}

VmStatus VirtualMachine::status()
{
    look();
    if (m_is_removed)
        return VmStatus::Removing;
    if (m_started)
        return is_on() ? VmStatus::Running : VmStatus::Exited;
    return is_on() ? VmStatus::Stopping : VmStatus::Stopped;
}

bool VirtualMachine::is_at_rest()
{
    auto const now = status();
    return now == VmStatus::Stopped || now == VmStatus::Exited;
}

json::Object VirtualMachine::info(bool brief)
{
    auto const now = status();
    auto const events = read_events(m_directory / "events.jsonl");
    json::Array shown;
    for (std::size_t i = events.size() > events_kept ? events.size() - events_kept : 0; i < events.size(); ++i)
        shown.emplace_back(events[i]);
    auto const identity = VmIdentity::from(m_configuration.compose_file, Seed(m_setting.seed));
    auto shown_configuration = m_configuration;
    shown_configuration.stopped = !m_started;
    return {
        { "id", id() },
        { "name", m_configuration.name },
        { "status", name_of(now) },
        { "uptime", time_since(m_since) },
        { "app_url", json::Value() },
        { "app_id", m_configuration.app_id },
        { "instance_id",
            identity.ok() && !identity->instance_id.empty() ? json::Value(to_hex(identity->instance_id))
                                                            : json::Value() },
        { "configuration", brief ? json::Value() : json::Value(shown_configuration.to_json()) },
        { "exited_at", time_since(m_exited) },
        { "boot_progress", newest(events, "boot.progress", is_on() ? "booting" : "") },
        { "boot_error", newest(events, "boot.error") },
        { "shutdown_progress", newest(events, "shutdown.progress") },
        { "image_version", m_setting.version },
        { "events", std::move(shown) },
        { "interfaces", json::Array() },
    };
}

}  // namespace mpc::simulator
