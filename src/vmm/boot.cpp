#include "vmm/boot.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/log.h"
#include "net/http_get.h"
#include "net/url.h"
#include "vmm/wait.h"

namespace mpc::vmm {

namespace {

constexpr std::string_view launched = "MPC launched successfully.";
constexpr std::uint16_t agent_port = 8090;
constexpr int last_code = 12;
/// Each run of a launcher writes about 25 KB: two quotes and an event log in hex.
constexpr std::size_t largest_log = std::size_t { 16 } << 20;

/// N of "exit=N" or "\"exit\":\"N\"", which ends the launcher's last words.
std::optional<ExitCode> exit_code_in(std::string_view line)
{
    for (std::string_view const mark : { "exit=", "\"exit\":\"" }) {
        auto const at = line.find(mark);
        if (at == std::string_view::npos)
            continue;
        int code = 0;
        auto const* const begin = line.data() + at + mark.size();
        auto const parsed = std::from_chars(begin, line.data() + line.size(), code);
        if (parsed.ec == std::errc() && code > 0 && code <= last_code)
            return static_cast<ExitCode>(code);
    }
    return std::nullopt;
}

/// The digest of the line with which each run of the launcher begins; nullopt for any other line.
std::optional<std::string_view> selected_in(std::string_view line)
{
    constexpr std::string_view prefix = "sha256:";
    constexpr std::size_t size = prefix.size() + 64;
    auto const at = line.find(prefix);
    if (line.find("selected the ") == std::string_view::npos || at == std::string_view::npos || line.size() < at + size)
        return std::nullopt;
    return line.substr(at, size);
}

std::string_view remedy_for(ExitCode code)
{
    if (code == ExitCode::Reboot)
        return "mpcctl stop, then mpcctl start: the launcher needs another boot";
    if (code == ExitCode::Config)
        return "mend user_config and deploy again; the disk's key does not depend on it";
    return "docs/exit-codes.md says what the launcher's exit code means; its log has the cause";
}

/// One boot as it is followed: what was seen last, and what has been told.
class Follower {
public:
    Follower(Client& client, std::string const& id, BootWatch const& watch) : m_client(client), m_id(id), m_watch(watch)
    {
    }

    /// The report, when the outcome is known.
    Result<std::optional<BootReport>> look()
    {
        auto const vm = m_client.info(m_id);
        if (!vm.ok()) {
            auto const kind = vm.error().kind();
            if (kind != ErrorKind::Timeout && kind != ErrorKind::Unreachable && kind != ErrorKind::Io)
                return vm.error();
            m_doing = "the VMM does not answer: " + vm.error().message();
            return std::optional<BootReport>();
        }
        if (!*vm)
            return Error(ErrorKind::NotFound, "the VM " + m_id + " is gone")
                .remedy("mpcctl list shows those that exist");
        tell_progress(**vm);
        if (auto failed = failure_of(**vm))
            return failed;
        // Until the guest has started its containers, the end of the launcher's log is of the boot before.
        if ((*vm)->status != Status::Running || (*vm)->boot_progress != "done")
            return std::optional<BootReport>();
        return look_at_launcher();
    }

    [[nodiscard]] BootReport timed_out() const
    {
        return { .outcome = BootOutcome::TimedOut,
            .reason = "the node does not run in time; last: " + m_doing,
            .remedy =
                "look at mpcctl status and mpcctl logs (--channel stderr for a VM that has exited); with --wait it may "
                "have longer",
            .launcher = m_launcher };
    }

private:
    void tell_progress(VmInfo const& vm)
    {
        auto doing = fmt::format("VM {}, {}", name_of(vm.status), printable(vm.boot_progress, 80));
        if (doing != m_progress)
            m_watch.on_progress(doing);
        m_progress = doing;
        if (m_launcher_text.empty())
            m_doing = doing;
    }

    std::optional<BootReport> failure_of(VmInfo const& vm)
    {
        if (has_exited_for_good(vm))
            return BootReport { .outcome = BootOutcome::Failed,
                .reason = "the VM has exited, and nobody has started it again",
                .remedy = "mpcctl logs --channel stderr has the last words of its process: a port of the host that "
                          "somebody else has, or too little memory, are the usual causes" };
        if (!vm.boot_error.empty())
            return BootReport { .outcome = BootOutcome::Failed,
                .reason = "the guest cannot boot: " + printable(vm.boot_error),
                .remedy = "when it is about the disk's key: deploy exactly what made the disk (app-compose, OS image, "
                          "vCPU, memory); mpcctl logs shows the console" };
        if (vm.status == Status::Stopped || vm.status == Status::Removing)
            return BootReport { .outcome = BootOutcome::Failed,
                .reason = fmt::format("the VM is {}", name_of(vm.status)),
                .remedy = "somebody has stopped it: ask who, then mpcctl start" };
        return std::nullopt;
    }

    /// A VMM may start it again, and takes some seconds for it.
    bool has_exited_for_good(VmInfo const& vm)
    {
        auto const now = std::chrono::steady_clock::now();
        if (vm.status != Status::Exited)
            m_exited_since.reset();
        else if (!m_exited_since)
            m_exited_since = now;
        return m_exited_since && now - *m_exited_since >= m_watch.patience_with_exited;
    }

    std::optional<BootReport> look_at_launcher()
    {
        if (!m_watch.launcher_log)
            return BootReport { .outcome = BootOutcome::Unconfirmed,
                .reason = "the VM has booted; whether its node runs cannot be seen from here",
                .remedy = "forward a port to 8090 in the VM, with public_logs, or verify the node's attestation" };
        auto const log = m_watch.launcher_log();
        if (!log.ok()) {
            m_doing = "the launcher's log cannot be read: " + log.error().message();
            return std::nullopt;
        }
        return judge(read_launcher_log(*log, m_watch.seen_before));
    }

    std::optional<BootReport> judge(LauncherState const& state)
    {
        auto text = printable(state.last_line, 200);
        if (!text.empty() && text != m_launcher_text)
            m_watch.on_progress("launcher: " + text);
        m_launcher_text = text;
        if (!text.empty())
            m_doing = "launcher: " + text;
        if (state.is_launched)
            return BootReport {
                .outcome = BootOutcome::Launched, .reason = "the node runs", .selected = state.selected
            };
        m_launcher = state.failure;
        if (!state.failure || may_mend(*state.failure))
            return std::nullopt;
        return BootReport { .outcome = BootOutcome::Failed,
            .reason = fmt::format("the launcher has ended with exit code {} ({}): {}", static_cast<int>(*state.failure),
                name_of(*state.failure), state.last_error),
            .remedy = std::string(remedy_for(*state.failure)),
            .launcher = state.failure };
    }

    Client& m_client;
    std::string const& m_id;
    BootWatch const& m_watch;
    std::string m_progress {};
    std::string m_launcher_text {};
    std::string m_doing = "nothing was seen of it yet";
    std::optional<ExitCode> m_launcher {};
    std::optional<std::chrono::steady_clock::time_point> m_exited_since {};
};

}  // namespace

LauncherState read_launcher_log(std::string_view log, std::string_view seen)
{
    if (auto const at = seen.empty() ? std::string_view::npos : log.rfind(seen); at != std::string_view::npos)
        log.remove_prefix(at + seen.size());
    LauncherState state;
    while (!log.empty()) {
        auto const end = std::min(log.find('\n'), log.size());
        auto line = log.substr(0, end);
        log.remove_prefix(std::min(end + 1, log.size()));
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.find_first_not_of(' ') == std::string_view::npos)
            continue;
        state.last_line = line;
        if (auto const digest = selected_in(line)) {
            state = { .last_line = state.last_line, .selected = std::string(*digest) };
        } else if (line.find(launched) != std::string_view::npos) {
            state.is_launched = true;
            state.failure.reset();
        } else if (auto const code = exit_code_in(line)) {
            state.is_launched = false;
            state.failure = code;
            state.last_error = printable(line, 300);
        }
    }
    return state;
}

bool may_mend(ExitCode code)
{
    switch (code) {
    case ExitCode::Pull:
    case ExitCode::Measurement:
    case ExitCode::Engine:
    case ExitCode::Node: return true;
    case ExitCode::Done:
    case ExitCode::Internal:
    case ExitCode::Usage:
    case ExitCode::Environment:
    case ExitCode::Config:
    case ExitCode::Digest:
    case ExitCode::Image:
    case ExitCode::Reboot:
    case ExitCode::Container: return false;
    }
    return false;
}

Result<BootReport> follow_boot(Client& client, std::string const& id, BootWatch const& watch,
    Interrupt const& interrupt)
{
    auto const begun = std::chrono::steady_clock::now();
    auto const deadline = Deadline::after(watch.deadline);
    Pauses const pauses(watch.pause);
    Follower follower(client, id, watch);
    auto const finish = [&begun](BootReport report) {
        report.duration = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
        return report;
    };
    for (;;) {
        if (auto report = TRY(follower.look()))
            return finish(*std::move(report));
        if (deadline.passed())
            return finish(follower.timed_out());
        TRY(interrupt.sleep(deadline.at_most(pauses.next()).remaining()));
    }
}

ReadLauncherLog launcher_log_at(net::Url url, Interrupt const& interrupt)
{
    return [url = std::move(url), &interrupt]() -> Result<std::string> {
        return TRY(net::get({ .url = url, .deadline = std::chrono::seconds(5), .most_body_bytes = largest_log },
                       interrupt))
            .body;
    };
}

ReadLauncherLog launcher_log_of(std::vector<PortForward> const& ports, std::string const& vmm_address,
    Interrupt const& interrupt)
{
    auto const port =
        std::ranges::find_if(ports, [](auto const& it) { return it.protocol == Protocol::Tcp && it.vm == agent_port; });
    if (port == ports.end())
        return {};
    auto const vmm = net::Url::parse(vmm_address);
    bool const is_here = vmm_address.starts_with("unix:") || (vmm.ok() && net::is_loopback(vmm->host()));
    std::string host = port->address;
    if (host == "0.0.0.0")
        host = is_here || !vmm.ok() ? "127.0.0.1" : vmm->host();
    else if (net::is_loopback(host) && !is_here)
        return {};
    auto const url =
        net::Url::parse(fmt::format("http://{}:{}/logs/launcher?text&bare&timestamps&tail=500", host, port->host));
    if (!url.ok())
        return {};
    return launcher_log_at(*url, interrupt);
}

}  // namespace mpc::vmm
