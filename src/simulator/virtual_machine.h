// One VM of the simulated VMM: its directory, its configuration, and the process that is its hardware.
#pragma once

#include "simulator/vm_configuration.h"

namespace mpc::simulator {

/// What the VMM gives to every VM.
struct VmSetting {
    std::filesystem::path program;  ///< mpcctl: what `sim cvm` is run from
    std::uint64_t seed = 1;
    std::string version = "0.5.8";
    std::optional<Endpoint> registry {};
    std::vector<std::filesystem::path> archives {};
};

enum class VmStatus { Removing, Running, Exited, Stopping, Stopped };
/// As dstack-vmm says it: "removing", "running", ...
[[nodiscard]] std::string_view name_of(VmStatus status);

/// Its directory has dstack-vmm's files (vm-manifest.json, vm-state.json, shared/, serial.log, stdout.log, stderr.log)
/// and those of a simulated CVM (see cvm.h). Killed with the thread that started it.
class VirtualMachine {
public:
    /// A new one, stored but not started. Errors: Io, Invalid.
    static Result<std::unique_ptr<VirtualMachine>> create(std::filesystem::path const& directory,
        VmConfiguration configuration, VmSetting const& setting);
    /// One that is stored, and stopped. Errors: Io, Invalid.
    static Result<std::unique_ptr<VirtualMachine>> load(std::filesystem::path const& directory,
        VmSetting const& setting);
    ~VirtualMachine();
    VirtualMachine(VirtualMachine const&) = delete;
    VirtualMachine& operator=(VirtualMachine const&) = delete;

    /// Nothing happens to one that runs; one whose power was just cut is waited for. Errors: Io; Refused (it
    /// is being removed).
    Result<void> start();
    /// Cuts its power. It is stopped when its last process is gone, which nobody waits for here.
    void stop();
    /// Whether there is an agent that could be asked to end it.
    [[nodiscard]] bool guest_answers();
    /// Asks the guest to end; it does so in its own time, and has not until it says that it powers off.
    void shut_down();
    /// Cuts its power; once it is stopped, status() or is_gone() deletes its directory.
    void remove();
    [[nodiscard]] bool is_gone();
    /// Stores the configuration as it is now. Errors: Io.
    Result<void> store() const;

    [[nodiscard]] std::string id() const { return m_directory.filename().string(); }
    [[nodiscard]] std::filesystem::path const& directory() const { return m_directory; }
    [[nodiscard]] VmStatus status();
    [[nodiscard]] bool is_at_rest();  ///< stopped or exited
    [[nodiscard]] VmConfiguration const& configuration() const { return m_configuration; }
    [[nodiscard]] VmConfiguration& configuration() { return m_configuration; }
    /// VmInfo; `brief` leaves the configuration out.
    [[nodiscard]] json::Object info(bool brief);

private:
    VirtualMachine(std::filesystem::path directory, VmConfiguration configuration, VmSetting setting);
    [[nodiscard]] std::vector<std::string> command_line() const;
    Result<void> write_state() const;
    void look();
    void wait_for_the_end();
    [[nodiscard]] bool is_on() const { return m_process != 0 || m_is_ending; }

    std::filesystem::path m_directory;
    VmConfiguration m_configuration;
    VmSetting m_setting;
    bool m_started = false;
    bool m_was_killed = false;
    bool m_is_removed = false;
    bool m_is_ending = false;  ///< its process has ended, but perhaps not what that had started
    pid_t m_process = 0;
    std::optional<std::chrono::steady_clock::time_point> m_since {};  ///< of its last start
    std::optional<std::chrono::steady_clock::time_point> m_exited {};
};

}  // namespace mpc::simulator
