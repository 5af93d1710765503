// mpc-launcher: starts an MPC node whose image is approved and measured.
#include <cstdio>

#include <fmt/format.h>

#include "arguments.h"
#include "launch.h"
#include "remedies.h"
#include "scrubber.h"
#include "supervisor.h"

namespace mpc::launcher {
namespace {

void tell(LaunchPlan const& plan, Log const& log)
{
    for (auto const& warning : plan.user.warnings)
        log.warning("config", warning);
    if (plan.approved_form && *plan.approved_form != image::ApprovedForm::Json)
        log.warning("digest", "the approved-digests file has an old form; the node that wrote it is out of date");
    if (!plan.approved_form)
        log.info("digest", "no approved-digests file yet");
    log.info("digest", fmt::format("selected the {} digest", text_of(plan.selection.choice)),
        { { "digest", plan.selection.digest.text() } });
}

Result<void> launch(LaunchPlan const& plan, bool supervise, Log const& log)
{
    auto const interrupt = TRY(Interrupt::on_signals());
    auto const agent = plan.is_tee()
        ? TRY(dstack::Agent::connect(plan.environment.dstack_socket, interrupt, plan.environment.agent_deadline)
                  .exit_as(ExitCode::Measurement))
        : nullptr;
    auto const engine =
        TRY(docker::Engine::connect(plan.environment.docker_socket, interrupt, scrubber_of(plan.user.sensitive))
                .exit_as(ExitCode::Engine));
    log.info("engine", "Docker Engine reached",
        { { "version", printable(engine->info().version, 40) }, { "api", engine->info().api_version } });
    auto const restarts = supervise ? Restarts::BySupervisor : Restarts::ByNobodyOrDockerd;
    auto node = TRY(Launch(plan, *engine, agent.get(), interrupt, log, restarts).run());
    if (supervise)
        return Supervisor(plan, *engine, interrupt, log, std::move(node)).run();
    return ok;
}

Result<void> launcher_main(Arguments const& arguments, std::optional<Log>& log)
{
    auto environment = TRY(Environment::read(arguments, process_environment));
    log.emplace(environment.log_format);
    auto const plan = TRY(make_plan(std::move(environment)));
    if (arguments.check) {
        std::puts(json::write_pretty(describe(plan)).c_str());
        return ok;
    }
    tell(plan, *log);
    return launch(plan, arguments.supervise, *log);
}

int report(Error const& error, Log const& log)
{
    auto const code = static_cast<int>(error.exit_code());
    log.error(name_of(error.exit_code()), error.message(), { { "exit", std::to_string(code) } });
    log.error("remedy", error.remedy().empty() ? usual_remedy(error.exit_code()) : error.remedy());
    return code;
}

int run(int count, char const* const* values)
{
    std::optional<Log> log;
    auto arguments = parse_arguments(count, values);
    if (arguments.ok() && !*arguments)
        return 0;
    auto const result = arguments.ok() ? launcher_main(**arguments, log) : Result<void>(std::move(arguments).error());
    return result.ok() ? 0 : report(result.error(), log.value_or(Log(LogFormat::Text)));
}

}  // namespace
}  // namespace mpc::launcher

int main(int count, char const* const* values) { return mpc::launcher::run(count, values); }
