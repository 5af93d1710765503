// The run: ten steps from measured inputs to a running node.
#pragma once

#include <memory>

#include "dstack/agent.h"
#include "image_source.h"
#include "leftovers.h"
#include "node_container.h"
#include "plan.h"

namespace mpc::launcher {

/// Who restarts a node that ended.
enum class Restarts { ByNobodyOrDockerd, BySupervisor };

/// One launch. Steps 1 and 2 have made the plan; run() does the others, in their order, holding the launcher's lock.
class Launch {
public:
    /// `agent` is nullptr under NONTEE and only then.
    Launch(LaunchPlan const& plan, docker::Engine& engine, dstack::Agent* agent, Interrupt const& interrupt,
        Log const& log, Restarts restarts);

    /// The id of the node's running container. Errors carry their exit code. An error before the start leaves no
    /// container that this run created, and the one that it put aside under its old name again.
    [[nodiscard]] Result<std::string> run();

private:
    /// A container ready to start, and what it takes to undo the making of it.
    struct Prepared {
        std::string id;
        bool created = false;
        std::optional<std::string> put_aside {};  ///< id of the container that had the name before
    };

    Result<void> reach_agent();
    Result<std::optional<std::string>> already_running(std::span<docker::ContainerSummary const> containers);
    Result<std::optional<std::string>> be_quiet();
    Result<ObtainedImage> get_image();
    Result<void> write_node_config();
    Result<Prepared> prepare_container(ObtainedImage& image);
    Result<std::string> create(ObtainedImage& image);
    Result<std::string> put_aside(std::string const& id);
    void undo(Prepared const& prepared);
    Result<void> measure(ObtainedImage const& image);
    Result<void> start(std::string const& id);
    Error why_not_started(Error error);
    Result<void> see_it_running(std::string const& id);

    [[nodiscard]] ContainerSpec spec_for(docker::ImageDetails const& image) const;
    /// The node's configuration file as the launcher sees it.
    [[nodiscard]] std::filesystem::path node_config_path() const
    {
        return m_plan.shared(std::filesystem::path(node_config_file).filename().string());
    }
    [[nodiscard]] std::string previous_name() const { return m_plan.environment.container_name + "-previous"; }

    LaunchPlan const& m_plan;
    docker::Engine& m_engine;
    dstack::Agent* m_agent;
    Interrupt const& m_interrupt;
    Log const& m_log;
    Restarts m_restarts;

    Surroundings m_surroundings {};
    std::unique_ptr<measure::Extender> m_extender;
    std::optional<dstack::Quote> m_before;  ///< what this boot had measured when the launcher came
    std::string m_receipt;
};

}  // namespace mpc::launcher
