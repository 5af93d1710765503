#include "simulator/trust.h"

#include "attestation/app_compose.h"
#include "simulator/policy_text.h"

namespace mpc::simulator {

namespace {

constexpr std::string_view remark = "SIMULATED: accepts the machine of `mpcctl sim agent`, which proves nothing.\n"
                                    "Add the digest of the node's image to image_digests: an empty list allows none.";

}  // namespace

Result<attestation::Policy> policy_for(GuestAgent const& agent)
{
    attestation::Policy policy;
    policy.allow(attestation::SimulatedRoot { agent.machine().root() });
    auto const compose = TRY(attestation::parse_app_compose(agent.identity().app_compose));
    // dstack boots without one, too; then no launcher is allowed.
    if (compose.find("docker_compose_file"))
        policy.launcher_compose_hashes.push_back(
            sha256({ as_bytes(TRY(compose.require_text("docker_compose_file"))) }));
    auto const& key_provider = agent.identity().key_provider;
    auto const rtmrs = agent.rtmrs();
    policy.measurements.push_back({ "simulated", agent.identity().mrtd, rtmrs[0].value(), rtmrs[1].value(),
        rtmrs[2].value(), evidence::runtime_event_digest("key-provider", as_bytes(key_provider)) });
    return policy;
}

Result<std::vector<EvidenceFile>> trust_files(GuestAgent const& agent, crypto::Time now)
{
    std::vector<EvidenceFile> files { root_file(agent.machine().root()) };
    files.push_back(collateral_file(TRY(agent.machine().collateral(now))));
    files.push_back({ "policy.toml", policy_text(TRY(policy_for(agent)), remark) });
    files.push_back({ "app_compose.json", agent.identity().app_compose });
    files.push_back({ "key_provider.json", agent.identity().key_provider });
    return files;
}

}  // namespace mpc::simulator
