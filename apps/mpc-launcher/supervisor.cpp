#include "supervisor.h"

#include <algorithm>

#include <fmt/format.h>

#include "ports.h"

namespace mpc::launcher {

Supervisor::Supervisor(LaunchPlan const& plan, docker::Engine& engine, Interrupt const& interrupt, Log const& log,
    std::string node, SupervisorPace pace)
    : m_plan(plan), m_engine(engine), m_interrupt(interrupt), m_log(log), m_node(std::move(node)), m_pace(pace),
      m_delay(pace.first_restart), m_started(std::chrono::steady_clock::now())
{
}

Result<void> Supervisor::run()
{
    m_log.info("supervise", "looking after the node");
    auto outage = Deadline::after(m_pace.engine_outage);
    for (;;) {
        auto exit = m_engine.wait_container(m_node, m_pace.look_around);
        if (exit.ok()) {
            if (auto restarted = restart(*exit); !restarted.ok()) {
                if (restarted.error().kind() == ErrorKind::Interrupted)
                    return stop_node();
                return restarted;
            }
        } else if (exit.error().kind() == ErrorKind::Interrupted) {
            return stop_node();
        } else if (exit.error().kind() == ErrorKind::NotFound) {
            return Error(ErrorKind::NotFound, "the node's container was removed")
                .exit_as(ExitCode::Node)
                .remedy("start the launcher again to make a new one");
        } else if (exit.error().kind() != ErrorKind::Timeout) {
            if (outage.passed())
                return std::move(exit).error().exit_as(ExitCode::Engine);
            m_log.warning("supervise", exit.error().message());
            // Interrupted or not, the next wait tells.
            (void)m_interrupt.sleep(m_pace.first_restart);
            continue;
        }
        outage = Deadline::after(m_pace.engine_outage);
        look_at_approved();
    }
}

Result<void> Supervisor::restart(docker::Exit const& exit)
{
    if (exit.code == 0) {
        return Error(ErrorKind::Refused, "the node ended by itself, without an error")
            .exit_as(ExitCode::Node)
            .remedy("start the launcher again if it should run");
    }
    if (std::chrono::steady_clock::now() - m_started > m_pace.proven)
        m_delay = m_pace.first_restart;
    m_log.warning("supervise", fmt::format("the node ended with exit code {}; starting it again", exit.code),
        { { "in", fmt::format("{}ms", m_delay.count()) } });
    TRY(m_interrupt.sleep(m_delay));
    m_delay = std::min(m_delay * 2, m_pace.slowest_restart);
    // The digest is measured in this boot, and a container's image and settings cannot change: the same node starts
    // again.
    auto started = m_engine.start_container(m_node);
    m_started = std::chrono::steady_clock::now();
    if (!started.ok() && started.error().kind() == ErrorKind::NotFound)
        return std::move(started).error().exit_as(ExitCode::Node);
    if (!started.ok() && started.error().kind() == ErrorKind::Interrupted)
        return started;
    if (!started.ok())
        m_log.warning("supervise",
            fmt::format("the node was not started: {}",
                without_ports(std::move(started).error(), m_plan.user.ports).message()));
    return ok;
}

Result<void> Supervisor::stop_node()
{
    m_log.info("supervise", "asked to end; stopping the node");
    TRY(m_engine.uninterruptible()->stop_container(m_node, m_pace.stop_grace).exit_as(ExitCode::Engine));
    m_log.info("supervise", "the node is stopped");
    return ok;
}

void Supervisor::look_at_approved()
{
    // One image at a time; what changes meanwhile is seen afterwards.
    if (m_fetching)
        return;
    auto const read = image::read_approved(m_plan.environment.shared_directory);
    if (!read.ok()) {
        if (m_complaint != read.error().message())
            m_log.warning("supervise", fmt::format("approved digests: {}", read.error().message()));
        m_complaint = read.error().message();
        return;
    }
    m_complaint.clear();
    if (!*read || (*read)->digests == m_known)
        return;
    m_known = (*read)->digests;
    auto const& newest = m_known.front();
    if (std::ranges::find(m_known, m_plan.selection.digest) == m_known.end())
        m_log.warning("supervise",
            "the image that runs is no longer approved: upgrade before the others stop trusting it");
    if (newest == m_plan.selection.digest)
        return;
    m_log.info("supervise", "a newer image is approved; restart the CVM to run it", { { "digest", newest.text() } });
    prefetch(newest);
}

void Supervisor::prefetch(image::ImageDigest const& digest)
{
    m_fetching = true;
    m_prefetch = std::jthread([this, digest](std::stop_token const& stop) {
        auto const fetched = fetch(digest, stop);
        if (fetched.ok())
            m_log.info("supervise", "the newly approved image is in the engine's store",
                { { "digest", digest.text() } });
        else if (!stop.stop_requested())
            m_log.warning("supervise",
                fmt::format("the newly approved image was not fetched: {}", fetched.error().message()));
        m_fetching = false;
    });
}

/// Ends with the supervisor, also when that ends because of the node and not of a signal.
Result<void> Supervisor::fetch(image::ImageDigest const& digest, std::stop_token const& stop)
{
    auto const interrupt = TRY(Interrupt::by_hand());
    std::stop_callback const raises(stop, [&] { interrupt.raise(); });
    auto const engine = m_engine.under(interrupt);
    TRY(obtain({
        .engine = *engine,
        .user = m_plan.user,
        .digest = digest,
        .docker_config = m_plan.environment.docker_config,
        .silence = m_plan.environment.pull_silence,
        .deadline = Deadline::after(m_plan.environment.pull_deadline),
        .interrupt = interrupt,
        .log = m_log,
    }));
    return ok;
}

}  // namespace mpc::launcher
