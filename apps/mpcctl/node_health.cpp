#include "mpcctl/node_health.h"

#include <fmt/format.h>

#include "mpcctl/say.h"
#include "vmm/wait.h"

namespace mpc::ctl {

namespace {

constexpr Duration pause = std::chrono::seconds(1);

/// What the boot came to, as a problem; "" when there is none.
std::string problem_of(vmm::BootReport const& boot, vmm::UpgradeRecord const& record)
{
    switch (boot.outcome) {
    case vmm::BootOutcome::Failed:
    case vmm::BootOutcome::TimedOut: return boot.reason;
    case vmm::BootOutcome::Unconfirmed: return "";
    case vmm::BootOutcome::Launched: break;
    }
    bool const is_other = !boot.selected.empty() && boot.selected != record.digest.text();
    if (record.direction == vmm::Direction::Forward && is_other)
        return "the launcher launched another image, " + boot.selected;
    return "";
}

/// What is wrong with the attestation now; "" when it is trusted and shows what is expected.
Result<std::string> attestation_problem(HealthOptions const& options, ExpectedNode const& expected,
    Interrupt const& interrupt)
{
    auto policy = TRY(policy_of(options.policy));
    if (expected.image)
        policy.image_digests = { *expected.image };
    VerifyOptions const what { .evidence = options.evidence, .collateral = options.collateral };
    auto const verified = judge(what, std::move(policy), interrupt);
    if (!verified.ok() && verified.error().kind() == ErrorKind::Interrupted)
        return verified.error();
    if (!verified.ok())
        return "the attestation: " + verified.error().message();
    if (verified->report.verdict != attestation::Verdict::Trusted) {
        auto const* failure = verified->report.first_failure();
        return fmt::format("the attestation is not trusted: {}",
            failure ? clause_of(failure->id) : "not every check could be judged");
    }
    // Trusted: the app-compose is the measured one.
    auto const& app_compose = verified->evidence.app_compose;
    if (expected.compose_hash && (!app_compose || sha256({ as_bytes(*app_compose) }) != *expected.compose_hash))
        return std::string("the attestation is that of another deployment: its app-compose is not this one's");
    return std::string();
}

}  // namespace

Result<void> wait_for_attestation(HealthOptions const& options, ExpectedNode const& expected, Deadline const& deadline,
    Interrupt const& interrupt)
{
    vmm::Pauses const pauses(pause);
    for (;;) {
        auto problem = TRY(attestation_problem(options, expected, interrupt));
        if (problem.empty())
            return ok;
        if (deadline.passed())
            return Error(ErrorKind::Mismatch, std::move(problem));
        TRY(interrupt.sleep(pauses.next()));
    }
}

Result<vmm::ReadLauncherLog> launcher_log_of(HealthOptions const& options, vmm::Configuration const& configuration,
    std::string const& vmm_address, Interrupt const& interrupt)
{
    if (!options.launcher_log)
        return vmm::launcher_log_of(configuration.ports, vmm_address, interrupt);
    auto const url = TRY(net::Url::parse(*options.launcher_log).in("--launcher-log").exit_as(mpc::ExitCode::Usage));
    return vmm::launcher_log_at(url, interrupt);
}

Result<NodeHealth> NodeHealth::of(vmm::Client& client, vmm::VmInfo const& vm, std::string const& vmm_address,
    HealthOptions options, Duration deadline, Interrupt const& interrupt)
{
    auto log = TRY(launcher_log_of(options, *vm.configuration, vmm_address, interrupt));
    // A policy that cannot be read must not be found out after the node was stopped.
    if (options.verifies())
        TRY(policy_of(options.policy));
    return NodeHealth(client, std::move(log), std::move(options), deadline, interrupt);
}

std::string NodeHealth::launcher_log() const
{
    auto log = m_launcher_log ? m_launcher_log() : Result<std::string>("");
    return log.ok() ? *std::move(log) : "";
}

Result<std::optional<vmm::RebootWanted>> NodeHealth::wait(vmm::UpgradeRecord const& record) const
{
    auto const deadline = Deadline::after(m_deadline);
    vmm::BootWatch const watch { .deadline = m_deadline,
        .pause = pause,
        .launcher_log = m_launcher_log,
        .seen_before = record.log_seen,
        .on_progress = [](std::string const& step) { say(stderr, "  {}\n", step); } };
    auto boot = TRY(vmm::follow_boot(m_client, record.vm, watch, m_interrupt));
    if (boot.outcome == vmm::BootOutcome::Failed && boot.launcher == mpc::ExitCode::Reboot)
        return vmm::RebootWanted { std::move(boot.reason) };
    if (auto problem = problem_of(boot, record); !problem.empty())
        return Error(ErrorKind::Mismatch, std::move(problem));
    if (record.direction == vmm::Direction::Forward && m_options.verifies())
        TRY(wait_for_attestation(m_options, { .image = record.digest }, deadline, m_interrupt));
    else if (boot.outcome == vmm::BootOutcome::Unconfirmed)
        say(stderr, "note: {}\n", boot.reason);
    return std::optional<vmm::RebootWanted>();
}

}  // namespace mpc::ctl
