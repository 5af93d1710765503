#include "mpcctl/sim_agent.h"

#include "base/fd.h"
#include "mpcctl/option_values.h"
#include "mpcctl/say.h"
#include "mpcctl/sim_files.h"
#include "simulator/trust.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t app_compose_limit = 256 * 1024;  // of dstack 0.5.5 to 0.5.11

Result<std::vector<simulator::Misbehaviour>> misbehaviours_of(SimAgentOptions const& options)
{
    std::vector<simulator::Misbehaviour> misbehaviours;
    for (auto const& [fault, text] : options.misbehaviours)
        misbehaviours.push_back(TRY(simulator::parse_misbehaviour(fault, text)));
    for (auto const& text : options.lies)
        misbehaviours.push_back(TRY(simulator::parse_lie(text)));
    return misbehaviours;
}

}  // namespace

Result<simulator::GuestAgentOptions> agent_options(SimAgentOptions const& options)
{
    auto const dialect = TRY(simulator::Dialect::of(options.version).exit_as(mpc::ExitCode::Usage));
    simulator::GuestAgentOptions agent { .seed = options.seed, .version = dialect.version };
    agent.misbehaviours =
        TRY(misbehaviours_of(options).exit_as(mpc::ExitCode::Usage).remedy("see mpcctl sim agent --help"));
    if (options.app_compose)
        agent.app_compose = TRY(read_file(*options.app_compose, app_compose_limit)
                .remedy("give --app-compose a readable app-compose.json, or leave it away"));
    return agent;
}

Result<ExitCode> run(SimAgentOptions const& options, Interrupt const& interrupt)
{
    auto const agent = TRY(
        simulator::GuestAgent::boot(TRY(agent_options(options))).remedy("give --app-compose what dstack would accept"));
    auto const time = TRY(moment_or_now(options.at));
    if (options.trust)
        TRY(write_files(*options.trust, TRY(simulator::trust_files(*agent, time))));
    auto const server = TRY(http::Server::listen(options.socket, agent->handler())
            .remedy("give --socket a path in a directory that exists, where nobody listens"));
    say(stderr, "SIMULATED dstack {} guest agent, seed {}, compose hash {}\nready: {}\n", options.version, options.seed,
        to_hex(agent->identity().compose_hash), options.socket.string());
    while (interrupt.sleep(std::chrono::hours(1)).ok()) {}
    return ExitCode::Done;
}

}  // namespace mpc::ctl
