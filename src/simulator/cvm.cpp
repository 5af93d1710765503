#include "simulator/cvm.h"

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.h"
#include "simulator/directory_lock.h"
#include "simulator/guest.h"
#include "simulator/guest_port.h"
#include "simulator/namespaces.h"

namespace mpc::simulator {

namespace fs = std::filesystem;

namespace {

constexpr Duration patience_with_shutdown = std::chrono::seconds(60);
// The guest's first process holds the lock, too, and one that was killed takes a moment to go.
constexpr Duration patience_with_predecessor = std::chrono::seconds(5);
constexpr char const* a_cvm = "a CVM";
constexpr Duration pause_between_looks { 50 };

Result<Fd> opened(fs::path const& path, int flags)
{
    Fd fd(open(path.c_str(), flags | O_CREAT | O_CLOEXEC, 0600));
    if (!fd)
        return Error(ErrorKind::Io, "cannot open " + path.string() + ": " + errno_text());
    return fd;
}

std::string control_group_of(fs::path const& directory)
{
    return "mpc-sim-" + to_hex(sha256({ as_bytes(directory.native()) })).substr(0, 16);
}

Result<void> make_directories(fs::path const& directory)
{
    std::error_code error;
    for (auto const* const name : { "disk", "run", "root" }) {
        fs::create_directories(directory / name, error);
        if (error)
            return Error(ErrorKind::Io, "cannot make " + (directory / name).string() + ": " + error.message());
    }
    return ok;
}

/// The end of the guest, or its error.
Result<void> judge(int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ok;
    return Error(ErrorKind::Refused, WIFSIGNALED(status) ? "the CVM was killed" : "the CVM did not boot")
        .remedy("see serial.log and events.jsonl in its directory");
}

Result<void> wait_for(pid_t guest, Interrupt const& interrupt)
{
    std::optional<Deadline> end;
    int status = 0;
    while (waitpid(guest, &status, WNOHANG) == 0) {
        if (!end && interrupt.raised()) {
            kill(guest, SIGTERM);
            end = Deadline::after(patience_with_shutdown);
        }
        if (end && end->passed())
            kill(guest, SIGKILL);
        usleep(static_cast<useconds_t>(std::chrono::microseconds(pause_between_looks).count()));
    }
    return judge(status);
}

/// The listeners on the machine's side, so that a port in use is known before anything boots.
Result<std::vector<Fd>> listen_on_machine(std::vector<PortMapping> const& ports)
{
    std::vector<Fd> listeners;
    for (auto const& port : ports)
        listeners.push_back(
            TRY(listen_at(port.at, Fd()).remedy("end what listens there, or map another port of the machine")));
    return listeners;
}

/// The cables: the machine's ports into the guest's network, and the guest's way to the registry.
Result<std::vector<std::unique_ptr<Relay>>> connect(CvmOptions const& options, std::vector<Fd> listeners,
    Fd const& network, Fd const& outside)
{
    std::vector<std::unique_ptr<Relay>> relays;
    TRY(raise_loopback(network));
    for (std::size_t i = 0; i < listeners.size(); ++i)
        relays.push_back(std::make_unique<Relay>(std::move(listeners[i]), Endpoint { .port = options.ports[i].vm_port },
            network));
    if (options.registry)
        relays.push_back(std::make_unique<Relay>(TRY(listen_at(*options.registry, network)), *options.registry,
            outside));
    return relays;
}

/// Ends the guest when something fails before it was waited for.
class Guest {
public:
    explicit Guest(pid_t pid) : m_pid(pid) {}
    ~Guest()
    {
        if (m_pid > 0) {
            kill(m_pid, SIGKILL);
            waitpid(m_pid, nullptr, 0);
        }
    }
    Guest(Guest const&) = delete;
    Guest& operator=(Guest const&) = delete;
    [[nodiscard]] pid_t pid() const { return m_pid; }
    Result<void> wait(Interrupt const& interrupt) { return wait_for(std::exchange(m_pid, 0), interrupt); }

private:
    pid_t m_pid;
};

}  // namespace

Result<void> run_cvm(CvmOptions const& given, Interrupt const& interrupt)
{
    auto options = given;
    TRY(make_directories(options.directory));
    options.directory = fs::canonical(options.directory);
    auto const held = TRY(lock_directory(options.directory, a_cvm, patience_with_predecessor));
    auto listeners = TRY(listen_on_machine(options.ports));
    Console console(TRY(opened(options.directory / "serial.log", O_WRONLY | O_APPEND)),
        TRY(opened(options.directory / "events.jsonl", O_WRONLY | O_APPEND | O_TRUNC)));
    auto const control_group = control_group_of(options.directory);

    int cable[2];
    if (pipe2(cable, O_CLOEXEC) != 0)
        return Error(ErrorKind::Io, "cannot make a pipe: " + errno_text());
    Fd plug(cable[0]);
    Fd socket(cable[1]);
    Guest guest(TRY(start_in_namespaces([&] {
        socket = Fd();
        listeners.clear();
        return run_guest(options, console, { .network_is_ready = plug.get(), .control_group = control_group },
            interrupt);
    })));
    plug = Fd();
    auto const network = TRY(network_of(guest.pid()));
    Fd const outside;
    auto const relays = TRY(connect(options, std::move(listeners), network, outside));
    socket = Fd();
    auto result = guest.wait(interrupt);
    remove_control_group(control_group);
    return result;
}

bool power_is_off(fs::path const& directory)
{
    auto const held = lock_directory(directory, a_cvm, Duration(0));
    if (!held.ok())
        return held.error().kind() != ErrorKind::Invalid;
    remove_control_group(control_group_of(directory));
    return true;
}

void wait_for_power_off(fs::path const& directory)
{
    auto const held = lock_directory(directory, a_cvm, patience_with_predecessor);
    remove_control_group(control_group_of(directory));
}

}  // namespace mpc::simulator
