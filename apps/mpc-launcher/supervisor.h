// --supervise: looks after the node for as long as the CVM runs.
#pragma once

#include <atomic>
#include <thread>

#include "launch.h"

namespace mpc::launcher {

/// How patient the supervisor is; the defaults are for production.
struct SupervisorPace {
    Duration look_around = std::chrono::seconds(5);      ///< between looks at the approved-digests file
    Duration first_restart = std::chrono::seconds(1);    ///< doubles with each failure ...
    Duration slowest_restart = std::chrono::minutes(1);  ///< ... up to this
    Duration proven = std::chrono::minutes(10);          ///< a node that ran so long starts with the first delay again
    Duration engine_outage = std::chrono::minutes(5);    ///< after which an engine that does not answer is given up
    std::chrono::seconds stop_grace { 60 };              ///< between SIGTERM and SIGKILL for the node
};

/// Restarts a node that failed, tells what newly approved digests mean and fetches their image, stops the node in order
/// when asked to end.
class Supervisor {
public:
    Supervisor(LaunchPlan const& plan, docker::Engine& engine, Interrupt const& interrupt, Log const& log,
        std::string node, SupervisorPace pace = {});

    /// Returns after a signal, with the node stopped. Errors: as Node (it ended by itself, or was removed) or Engine.
    [[nodiscard]] Result<void> run();

private:
    Result<void> restart(docker::Exit const& exit);
    Result<void> stop_node();
    void look_at_approved();
    void prefetch(image::ImageDigest const& digest);
    Result<void> fetch(image::ImageDigest const& digest, std::stop_token const& stop);

    LaunchPlan const& m_plan;
    docker::Engine& m_engine;
    Interrupt const& m_interrupt;
    Log const& m_log;
    std::string m_node;
    SupervisorPace m_pace;

    Duration m_delay;
    std::chrono::steady_clock::time_point m_started;
    std::vector<image::ImageDigest> m_known;  ///< as last seen in the approved-digests file
    std::string m_complaint;                  ///< what was wrong with the file when last looked at
    std::atomic<bool> m_fetching = false;
    std::jthread m_prefetch;  // last, so that it is told to end, and has ended, before anything else goes
};

}  // namespace mpc::launcher
