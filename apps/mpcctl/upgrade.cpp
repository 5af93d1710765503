#include "mpcctl/upgrade.h"

#include <fmt/format.h>

#include "base/log.h"
#include "mpcctl/say.h"
#include "mpcctl/upgrade_fleet.h"
#include "mpcctl/upgrade_node.h"

namespace mpc::ctl {

namespace {

using vmm::UpgradeRecord;

Error misused(std::string what, std::string remedy)
{
    return Error(ErrorKind::Invalid, std::move(what)).exit_as(mpc::ExitCode::Usage).remedy(std::move(remedy));
}

Result<void> check_usage(UpgradeOptions const& options)
{
    if (options.all != options.vm.empty())
        return misused(options.all ? "a VM was named, and --all" : "no VM was named",
            "name a VM, or give --all for every node of the hosts");
    if (!options.all && options.contexts.size() > 1)
        return misused("a VM is on one host, and several contexts were named", "name one context, or give --all");
    if (options.all && options.user_config)
        return misused("one user_config cannot be that of every node", "leave --user-config out, or name a VM");
    if (options.all && (options.back || options.take_over))
        return misused("--back and --take-over are for one VM", "name the VM");
    if (options.back && (options.to || options.user_config || options.take_over))
        return misused("--back goes back to what the VM had, and takes nothing else", "leave the other option out");
    return ok;
}

ExitCode tell(UpgradeOptions const& options, UpgradeRecord const& record, Performed const& performed)
{
    auto const& outcome = performed.outcome;
    auto const seconds = static_cast<double>(outcome.downtime.count()) / 1000;
    if (options.json)
        say("{}\n",
            json::write_pretty(json::Object { { "vm", record.vm }, { "digest", record.digest.text() },
                { "outcome", name_of(state_of(performed)) }, { "reason", outcome.reason },
                { "reasons", performed.reasons ? json::Value(performed.reasons->string()) : json::Value() },
                { "downtime_ms", outcome.downtime.count() } }));
    else if (outcome.rolled_back)
        say("ROLLED BACK to the old user_config: {} (down for {:.1f} s)\n", outcome.reason, seconds);
    else if (!performed.is_seen)
        say("started with {}; whether its node runs cannot be seen from here\n", record.digest.text());
    else
        say("upgraded to {} (down for {:.1f} s)\n", record.digest.text(), seconds);
    return outcome.rolled_back ? ExitCode::RolledBack : ExitCode::Done;
}

ExitCode tell_already(UpgradeOptions const& options, UpgradeTarget const& target, UpgradeRecord const& record)
{
    if (options.json)
        say("{}\n",
            json::write_pretty(json::Object {
                { "vm", record.vm }, { "digest", record.digest.text() }, { "outcome", "already" } }));
    say(stderr, "{} runs with {} already\n", target.label(), record.digest.text());
    return ExitCode::NothingToDo;
}

Result<void> announce(UpgradeOptions const& options, UpgradeTarget const& target, NodePlan const& plan,
    Interrupt const& interrupt)
{
    if (plan.need == Need::GoOn) {
        say(stderr, "going on with the upgrade to {}{}\n", plan.record.digest.text(),
            plan.record.direction == vmm::Direction::Back ? ", backwards" : "");
        return ok;
    }
    return confirm(options,
        fmt::format("{} ({}) will be stopped, given the image {} and started; if it does not get well within "
                    "{} s, it goes back to what it has now.",
            target.label(), target.vm.id, plan.record.digest.text(), options.health_seconds),
        interrupt);
}

Result<ExitCode> upgrade_one(UpgradeOptions const& options, Interrupt const& interrupt)
{
    auto vmm_options = options.vmm;
    if (!options.contexts.empty())
        vmm_options.choice.context = options.contexts.front();
    auto const endpoint = TRY(endpoint_of(vmm_options));
    UpgradeHost host {
        .context = "", .address = endpoint.address, .client = TRY(vmm::Client::make(endpoint, interrupt))
    };
    auto const target = TRY(open_target(host, TRY(vm_named(host.client, options.vm)), options));
    if (options.back && !target.under_way)
        return Error(ErrorKind::Invalid, "no upgrade of " + target.label() + " is under way that was begun here")
            .remedy("to go to another image, name it with --to");
    bool const is_known = target.under_way && !options.to;
    auto const digest = is_known ? target.under_way->digest : TRY(chosen_digest(options, interrupt));
    auto const plan = TRY(plan_node(options, target, digest, interrupt));
    if (plan.need == Need::None)
        return tell_already(options, target, plan.record);
    TRY(FetchCheck(options.fetch, interrupt).check(plan));
    TRY(announce(options, target, plan, interrupt));
    return tell(options, plan.record, TRY(perform(options, target, plan, interrupt)));
}

}  // namespace

Result<ExitCode> run(UpgradeOptions const& options, Interrupt const& interrupt)
{
    TRY(check_usage(options));
    return options.all ? upgrade_fleet(options, interrupt) : upgrade_one(options, interrupt);
}

}  // namespace mpc::ctl
