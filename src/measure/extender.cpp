#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "measure/measurement.h"
#include "json/json.h"

namespace mpc::measure {

namespace {

class EmitEventExtender final : public Extender {
public:
    explicit EmitEventExtender(dstack::Agent& agent) : m_agent(agent) {}
    Result<void> extend(std::string_view name, ByteView payload) override { return m_agent.emit_event(name, payload); }
    std::string_view description() const override { return "EmitEvent of the dstack agent"; }

private:
    dstack::Agent& m_agent;
};

/// Waits for dstack's lock, so that two events never cross between register and log.
Result<Fd> lock_runtime_events(NativePaths const& paths, Interrupt const& interrupt)
{
    Fd lock(open(paths.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock)
        return Error(ErrorKind::Io, "cannot open " + paths.lock().string() + ": " + errno_text());
    auto const deadline = Deadline::after(std::chrono::seconds(30));
    while (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (deadline.passed())
            return Error(ErrorKind::Timeout, "somebody else holds " + paths.lock().string());
        TRY(interrupt.sleep(std::chrono::milliseconds(50)));
    }
    return lock;
}

/// The kernel takes the 48 bytes in one write, or not at all.
Result<void> write_register(std::filesystem::path const& path, Sha384 const& digest)
{
    Fd const file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file)
        return Error(ErrorKind::Refused, "cannot open " + path.string() + ": " + errno_text());
    auto const written = write(file.get(), digest.data(), digest.size());
    if (written < 0)
        return Error(ErrorKind::Refused, "cannot extend " + path.string() + ": " + errno_text());
    if (static_cast<std::size_t>(written) != digest.size())
        return Error(ErrorKind::Io, path.string() + " took only a part of the digest");
    return ok;
}

class NativeExtender final : public Extender {
public:
    NativeExtender(NativePaths paths, Interrupt const& interrupt) : m_paths(std::move(paths)), m_interrupt(interrupt) {}

    Result<void> extend(std::string_view name, ByteView payload) override
    {
        auto lock = lock_runtime_events(m_paths, m_interrupt);
        if (!lock.ok())
            return Error(ErrorKind::Refused, lock.error().message());
        TRY(write_register(m_paths.rtmr3, evidence::runtime_event_digest(name, payload)));
        // From here on a failure leaves the log behind the register; the proof by quote will tell.
        auto const line = json::write(json::Object { { "event", name }, { "payload", to_base64(payload) } });
        return append_to_file(m_paths.log(), line + "\n");
    }
    std::string_view description() const override { return "rtmr3:sha384 of the kernel and dstack's runtime log"; }

private:
    NativePaths m_paths;
    Interrupt const& m_interrupt;
};

}  // namespace

std::unique_ptr<Extender> emit_event_extender(dstack::Agent& agent)
{
    return std::make_unique<EmitEventExtender>(agent);
}

Result<std::unique_ptr<Extender>> native_extender(NativePaths paths, Interrupt const& interrupt)
{
    constexpr auto remedy =
        "mount /sys/devices/virtual/misc/tdx_guest and /run/log/dstack into the launcher's container "
        "(dstack 0.6), or use --measurement emit-event (dstack 0.5)";
    for (auto const& path : { paths.rtmr3, paths.log() }) {
        if (access(path.c_str(), W_OK) != 0)
            return Error(ErrorKind::NotFound, "cannot write " + path.string() + ": " + errno_text()).remedy(remedy);
    }
    auto const version = read_file(paths.version(), 16);
    if (!version.ok() && version.error().kind() != ErrorKind::NotFound)
        return Error(version.error());
    if (version.ok() && *version != "1" && *version != "1\n")
        return Error(ErrorKind::Invalid, paths.version().string() + " asks for events that are not version 1")
            .remedy("deploy without event_log_version 2: the network's verifier accepts version 1 only");
    return std::unique_ptr<Extender>(std::make_unique<NativeExtender>(std::move(paths), interrupt));
}

Result<std::unique_ptr<Extender>> choose_extender(Method method, dstack::Agent& agent, NativePaths const& paths,
    Interrupt const& interrupt)
{
    if (method == Method::Auto) {
        auto const version = TRY(agent.version().exit_as(ExitCode::Measurement));
        auto const has_emit_event = !version || (version->major == 0 && version->minor <= 5);
        method = has_emit_event ? Method::EmitEvent : Method::Native;
    }
    if (method == Method::EmitEvent)
        return emit_event_extender(agent);
    return native_extender(paths, interrupt).exit_as(ExitCode::Measurement);
}

}  // namespace mpc::measure
