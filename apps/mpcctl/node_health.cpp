#include "mpcctl/node_health.h"

#include <fmt/format.h>

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

}  // namespace

Result<NodeHealth> NodeHealth::of(vmm::Client& client, vmm::VmInfo const& vm, std::string const& vmm_address,
    HealthOptions options, Duration deadline, Interrupt const& interrupt)
{
    auto log = options.launcher_log
        ? vmm::launcher_log_at(
              TRY(net::Url::parse(*options.launcher_log).in("--launcher-log").exit_as(mpc::ExitCode::Usage)), interrupt)
        : vmm::launcher_log_of(vm.configuration->ports, vmm_address, interrupt);
    return NodeHealth(client, std::move(log), std::move(options), deadline, interrupt);
}

std::string NodeHealth::last_log_line() const
{
    auto const log = m_launcher_log ? m_launcher_log() : Result<std::string>("");
    return log.ok() ? vmm::read_launcher_log(*log, "").last_line : "";
}

Result<void> NodeHealth::wait(vmm::UpgradeRecord const& record) const
{
    auto const deadline = Deadline::after(m_deadline);
    vmm::BootWatch const watch { .deadline = m_deadline,
        .pause = pause,
        .launcher_log = m_launcher_log,
        .seen_before = record.log_seen,
        .on_progress = [](std::string const& step) { fmt::print(stderr, "  {}\n", step); } };
    auto const boot = TRY(vmm::follow_boot(m_client, record.vm, watch, m_interrupt));
    if (auto problem = problem_of(boot, record); !problem.empty())
        return Error(ErrorKind::Mismatch, std::move(problem));
    bool const is_verified = m_options.evidence.public_data || m_options.evidence.agent;
    if (record.direction == vmm::Direction::Forward && is_verified)
        return wait_for_attestation(record.digest, deadline);
    if (boot.outcome == vmm::BootOutcome::Unconfirmed)
        fmt::print(stderr, "note: {}\n", boot.reason);
    return ok;
}

/// A node that has just been started may not answer yet, or with what it measured before.
Result<void> NodeHealth::wait_for_attestation(image::ImageDigest const& digest, Deadline const& deadline) const
{
    for (;;) {
        auto problem = TRY(attestation_problem(digest));
        if (problem.empty())
            return ok;
        if (deadline.passed())
            return Error(ErrorKind::Mismatch, std::move(problem));
        TRY(m_interrupt.sleep(pause));
    }
}

Result<std::string> NodeHealth::attestation_problem(image::ImageDigest const& digest) const
{
    auto policy = TRY(policy_of(m_options.policy));
    policy.image_digests = { digest };
    VerifyOptions const options { .evidence = m_options.evidence, .collateral = m_options.collateral };
    auto const verified = judge(options, std::move(policy), m_interrupt);
    if (!verified.ok() && verified.error().kind() == ErrorKind::Interrupted)
        return verified.error();
    if (!verified.ok())
        return "the attestation: " + verified.error().message();
    if (verified->report.verdict == attestation::Verdict::Trusted)
        return std::string();
    auto const* failure = verified->report.first_failure();
    return fmt::format("the attestation is not trusted: {}",
        failure ? clause_of(failure->id) : "not every check could be judged");
}

}  // namespace mpc::ctl
