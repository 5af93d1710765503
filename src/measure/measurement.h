// How the image digest gets into RTMR3: once in a boot, and proven by a quote. See docs/measurement.md.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "dstack/agent.h"
#include "image/digest.h"

namespace mpc::measure {

/// What a boot's register holds of our event.
enum class State {
    NotYet,  ///< no mpc-image-digest in the log
    Same,    ///< exactly one, with the digest asked about
    Other,   ///< exactly one, with another digest
};

/// Judges a quote and its log: the log must replay to the quoted RTMR3, or nothing it says counts.
/// Errors: Mismatch as Measurement (log and register disagree) or as Reboot (our event twice, or its payload is no
/// digest).
[[nodiscard]] Result<State> state_of(dstack::Quote const& quote, image::ImageDigest const& digest);

/// Extends RTMR3 by one event, and the log with it. Errors: Refused when nothing was extended for certain; any other
/// kind leaves the outcome open.
class Extender {
public:
    virtual ~Extender() = default;
    [[nodiscard]] virtual Result<void> extend(std::string_view name, ByteView payload) = 0;
    [[nodiscard]] virtual std::string_view description() const = 0;
};

/// dstack 0.5: the agent's EmitEvent.
[[nodiscard]] std::unique_ptr<Extender> emit_event_extender(dstack::Agent& agent);

/// Where dstack 0.6 and its kernel (6.16 on) keep the register and the log.
struct NativePaths {
    std::filesystem::path rtmr3 = "/sys/devices/virtual/misc/tdx_guest/measurements/rtmr3:sha384";
    std::filesystem::path log_directory = "/run/log/dstack";

    [[nodiscard]] std::filesystem::path log() const { return log_directory / "runtime_events.log"; }
    [[nodiscard]] std::filesystem::path lock() const { return log_directory / "runtime_event.lock"; }
    [[nodiscard]] std::filesystem::path version() const { return log_directory / "runtime_event_version"; }
};

/// dstack 0.6: the kernel's file, then dstack's own runtime log, under dstack's lock and in dstack's order. A guest
/// with version 2 events is refused: the network's verifier accepts version 1 only. Errors: NotFound (the guest has no
/// such files, or they are not mounted), Invalid.
[[nodiscard]] Result<std::unique_ptr<Extender>> native_extender(NativePaths paths, Interrupt const& interrupt);

enum class Method { Auto, EmitEvent, Native };

/// Finds a way to measure, or fails: never unmeasured. Auto asks the agent's version: none (before 0.5.7) or 0.5 has
/// EmitEvent, 0.6 and later has not. Errors: as Measurement.
[[nodiscard]] Result<std::unique_ptr<Extender>> choose_extender(Method method, dstack::Agent& agent,
    NativePaths const& paths, Interrupt const& interrupt);

/// A note on disk that an extension was begun with this agent and that its outcome is not known. It closes the gap
/// that the log cannot: a launcher that died, or gave up waiting, between asking and being answered. Bound to the
/// agent's socket (device, inode, change time), which is made anew at each boot, so that a note from an earlier boot
/// counts for nothing. It can only make a launcher refuse; nothing is ever skipped because of it.
class PendingNote {
public:
    PendingNote(std::filesystem::path file, std::filesystem::path agent_socket)
        : m_file(std::move(file)), m_agent_socket(std::move(agent_socket))
    {
    }
    /// Whether an extension begun in this boot is still open. A note that cannot be read is one. Errors: Io.
    [[nodiscard]] Result<bool> exists() const;
    [[nodiscard]] Result<void> write() const;
    [[nodiscard]] Result<void> remove() const;

private:
    [[nodiscard]] Result<std::string> identity() const;
    std::filesystem::path m_file;
    std::filesystem::path m_agent_socket;
};

/// What measure() needs. Nobody else may measure at the same time: the caller holds the launcher's lock.
struct Measurement {
    dstack::Agent& agent;
    Extender& extender;
    PendingNote const& note;
    Interrupt const& interrupt;
    Duration settle;  ///< how long an extension that was begun earlier may take to show up
};

/// Extends RTMR3 with the digest unless `before` shows that this boot has it, then proves it: a fresh quote carrying
/// `report_data`, whose log replays to its RTMR3 and holds exactly one event, with this digest. Returns that quote.
/// Errors: as Measurement or Reboot. After any error the node must not start.
[[nodiscard]] Result<dstack::Quote> measure(Measurement const& with, dstack::Quote const& before,
    image::ImageDigest const& digest, dstack::ReportData const& report_data);

}  // namespace mpc::measure
