#include "simulator/guest.h"

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "simulator/compose_project.h"
#include "simulator/guest_port.h"
#include "simulator/namespaces.h"
#include "simulator/sealed_disk.h"
#include "simulator/trust.h"

namespace mpc::simulator {

namespace fs = std::filesystem;

namespace {

constexpr Duration patience_with_engine = std::chrono::seconds(60);
constexpr Duration patience_with_containers = std::chrono::seconds(45);
constexpr Duration pause_between_looks { 50 };
constexpr std::size_t largest_archive = std::size_t { 1 } << 30;
constexpr auto disk = "/dstack/persistent";
constexpr auto engine_socket = "/run/docker.sock";

/// One boot, step by step; the first error is its boot.error.
class Boot {
public:
    Boot(CvmOptions const& options, Console const& console, GuestHandover const& handover, Interrupt const& interrupt)
        : m_options(options), m_console(console), m_handover(handover), m_interrupt(interrupt),
          m_project(http::Client(engine_socket, interrupt))
    {
    }

    Result<void> run();
    /// Until it is asked to end, or its engine ends.
    Result<void> live();
    void stop_engine();
    /// As it was asked to.
    void shut_down();

private:
    Result<void> mount_disk();
    Result<void> start_agent();
    Result<void> copy_host_share() const;
    Result<void> start_engine();
    Result<void> load_archives() const;
    Result<void> start_containers() const;
    void run_dockerd() const;
    [[nodiscard]] bool engine_has_ended();

    CvmOptions const& m_options;
    Console const& m_console;
    GuestHandover const& m_handover;
    Interrupt const& m_interrupt;
    ComposeProject m_project;
    std::vector<std::string> m_archives {};
    std::unique_ptr<GuestAgent> m_agent {};
    std::unique_ptr<GuestPort> m_port {};
    std::vector<std::unique_ptr<http::Server>> m_servers {};
    pid_t m_engine = 0;
};

/// What it is, and where its engine listens, may be removed: a boot begins with an empty /run.
void empty(fs::path const& directory)
{
    std::error_code ignored;
    for (auto const& entry : fs::directory_iterator(directory, ignored))
        fs::remove_all(entry.path(), ignored);
}

/// A file that only the guest's root reads.
Result<void> write(fs::path const& path, std::string_view content) { return write_file_atomically(path, content); }

Result<void> Boot::run()
{
    char closed = 0;
    // The other side only closes its end.
    if (read(m_handover.network_is_ready, &closed, 1) < 0 || sethostname("dstack", 6) != 0)
        return Error(ErrorKind::Io, "the guest's network: " + errno_text());
    for (auto const& path : m_options.archives)
        if (!fs::exists(m_options.directory / "disk/loaded"))
            m_archives.push_back(TRY(read_file(path, largest_archive)));
    empty(m_options.directory / "run");
    TRY(mount_disk());
    TRY(start_agent());
    TRY(enter_guest_root({ .root = m_options.directory / "root",
        .run = m_options.directory / "run",
        .disk = m_options.directory / "disk" }));
    TRY(copy_host_share());
    m_servers.push_back(TRY(http::Server::listen("/run/dstack.sock", m_agent->handler())));
    m_servers.push_back(TRY(http::Server::listen_on_loopback(guest_port,
        [this](http::Request const& request) { return m_port->handle(request); })));
    TRY(start_engine());
    TRY(load_archives());
    TRY(start_containers());
    m_console.event("boot.progress", "done");
    return ok;
}

Result<void> Boot::mount_disk()
{
    m_console.event("boot.progress", "requesting app keys");
    auto const fingerprint = sealing_key_fingerprint({ .compose_hash = sha256({ as_bytes(m_options.app_compose) }),
                                                         .vcpu = m_options.vcpu,
                                                         .memory = m_options.memory,
                                                         .os_image = m_options.os_image },
        Seed(m_options.seed));
    m_console.event("boot.progress", "mounting data disk");
    TRY(open_disk(m_options.directory / "disk", fingerprint));
    m_console.event("boot.progress", "data disk ready");
    return ok;
}

Result<void> Boot::start_agent()
{
    m_agent = TRY(GuestAgent::boot(
        { .app_compose = m_options.app_compose, .seed = m_options.seed, .version = m_options.version }));
    auto const compose = TRY(json::read_object(m_options.app_compose));
    auto const* const public_logs = compose.find("public_logs");
    m_port = std::make_unique<GuestPort>(*m_agent, http::Client(engine_socket, m_interrupt),
        public_logs && public_logs->boolean() && *public_logs->boolean());
    auto const trust = m_options.directory / "trust";
    std::error_code ignored;
    fs::create_directories(trust, ignored);
    auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    for (auto const& file : TRY(trust_files(*m_agent, now)))
        TRY(write(trust / file.name, file.content));
    m_console.event("instance.info",
        json::write(json::Object {
            { "instance_id", to_hex(m_agent->identity().instance_id) },
            { "app_id", to_hex(m_agent->identity().app_id) },
        }));
    return ok;
}

/// Both places: /tapp of the oldest images, which launcher files name, and /dstack.
Result<void> Boot::copy_host_share() const
{
    for (fs::path const place : { "/tapp", "/dstack" }) {
        TRY(write(place / "app-compose.json", m_options.app_compose));
        TRY(write(place / "user_config", m_options.user_config));
    }
    return ok;
}

void Boot::run_dockerd() const
{
    auto const mirror = m_options.registry
        ? fmt::format("--registry-mirror=http://{}:{}", m_options.registry->address, m_options.registry->port)
        : std::string("--debug=false");
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(m_console.serial(), 1);
    dup2(m_console.serial(), 2);
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    execlp("dockerd", "dockerd", "--data-root", fmt::format("{}/docker", disk).c_str(), "--exec-root", "/run/exec",
        "--pidfile", "/run/docker.pid", "-H", fmt::format("unix://{}", engine_socket).c_str(), "--exec-opt",
        "native.cgroupdriver=cgroupfs", "--cgroup-parent", ("/" + m_handover.control_group).c_str(), mirror.c_str(),
        static_cast<char*>(nullptr));
    _exit(127);
}

bool Boot::engine_has_ended()
{
    // The first process inherits every orphan, and buries it.
    for (auto ended = waitpid(-1, nullptr, WNOHANG); ended > 0; ended = waitpid(-1, nullptr, WNOHANG)) {
        if (ended == m_engine)
            m_engine = 0;
    }
    return m_engine == 0;
}

Result<void> Boot::start_engine()
{
    m_console.event("boot.progress", "setting up docker");
    m_engine = fork();
    if (m_engine == 0)
        run_dockerd();
    auto const deadline = Deadline::after(patience_with_engine);
    while (!m_project.engine_answers()) {
        TRY(m_interrupt.sleep(pause_between_looks));
        if (engine_has_ended())
            return Error(ErrorKind::Refused, "dockerd ended; is docker.io installed? (serial.log has its words)");
        if (deadline.passed())
            return Error(ErrorKind::Timeout, "dockerd did not answer within 60 s");
    }
    return ok;
}

Result<void> Boot::load_archives() const
{
    if (m_archives.empty())
        return ok;
    for (auto const& archive : m_archives)
        TRY(m_project.load(archive));
    return write(fs::path(disk) / "loaded", "the archives given at the first boot\n");
}

Result<void> Boot::start_containers() const
{
    m_console.event("boot.progress", "starting containers");
    auto const app_compose = TRY(json::read_object(m_options.app_compose));
    auto const text = TRY(app_compose.require_text("docker_compose_file").in("app-compose.json"));
    TRY(write("/dstack/docker-compose.yaml", text));
    return m_project.up(TRY(parse_compose_file(text)));
}

Result<void> Boot::live()
{
    while (m_interrupt.sleep(pause_between_looks).ok()) {
        if (engine_has_ended())
            return Error(ErrorKind::Refused, "dockerd ended");
    }
    return ok;
}

void Boot::shut_down()
{
    m_console.event("shutdown.progress", "stopping containers");
    stop_engine();
    m_console.event("shutdown.progress", "powering off");
}

void Boot::stop_engine()
{
    if (m_engine > 0)
        kill(m_engine, SIGTERM);
    auto const deadline = Deadline::after(patience_with_containers);
    while (!engine_has_ended() && !deadline.passed())
        usleep(10'000);
}

}  // namespace

int run_guest(CvmOptions const& options, Console const& console, GuestHandover const& handover,
    Interrupt const& interrupt)
{
    Boot boot(options, console, handover, interrupt);
    auto result = boot.run();
    if (result.ok())
        result = boot.live();
    if (interrupt.raised()) {
        boot.shut_down();
        return 0;
    }
    console.event("boot.error", result.error().message());
    boot.stop_engine();
    return 1;
}

}  // namespace mpc::simulator
