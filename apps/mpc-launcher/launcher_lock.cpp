#include "launcher_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <fmt/format.h>

#include "leftovers.h"
#include "measure/measurement.h"

namespace mpc::launcher {

namespace {

constexpr auto lock_name = ".mpc-launcher.lock";

/// Listed first, quoted then: what was active before a moment at which the boot had no event is not measured. So a node
/// that another launcher starts meanwhile is left alone.
Result<void> stop_what_is_not_measured(LaunchPlan const& plan, docker::Engine& engine, dstack::Agent& agent,
    Log const& log)
{
    auto const containers = TRY(engine.containers().exit_as(ExitCode::Engine));
    auto const surroundings = surroundings_of(plan.environment, containers);
    if (!std::ranges::any_of(containers, [&](auto const& one) { return may_be_the_node(one, surroundings); }))
        return ok;
    auto const quote = TRY(agent.quote({}).in("quote before anything is stopped").exit_as(ExitCode::Measurement));
    auto const state = TRY(measure::state_of(quote, plan.selection.digest).exit_as(ExitCode::Measurement));
    if (state == measure::State::NotYet)
        TRY(stop_nodes(engine, containers, surroundings, log));
    return ok;
}

Result<Fd> open_lock(std::filesystem::path const& path)
{
    Fd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock)
        return Error(ErrorKind::Io, fmt::format("cannot open {}: {}", path.string(), errno_text()))
            .exit_as(ExitCode::Environment)
            .remedy("mount the volume shared-volume at /mnt/shared, writable, in the launcher's compose file");
    return lock;
}

}  // namespace

Result<Fd> take_lock(LaunchPlan const& plan, docker::Engine& engine, dstack::Agent* agent, Interrupt const& interrupt,
    Log const& log)
{
    auto const stop_leftovers = [&]() -> Result<void> {
        return agent ? stop_what_is_not_measured(plan, engine, *agent, log) : ok;
    };
    TRY(stop_leftovers());
    auto lock = TRY(open_lock(plan.shared(lock_name)));
    auto const deadline = Deadline::after(plan.environment.pull_deadline + std::chrono::minutes(5));
    for (bool told = false; flock(lock.get(), LOCK_EX | LOCK_NB) != 0; told = true) {
        if (!told)
            log.info("start", "another launcher is at work; waiting for it");
        if (deadline.passed())
            return Error(ErrorKind::Timeout, "another launcher is at work and does not end")
                .exit_as(ExitCode::Measurement)
                .remedy("stop the other launcher's container");
        TRY(interrupt.sleep(std::chrono::milliseconds(250)).exit_as(ExitCode::Measurement));
        TRY(stop_leftovers());
    }
    return lock;
}

}  // namespace mpc::launcher
