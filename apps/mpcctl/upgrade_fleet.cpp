#include "mpcctl/upgrade_fleet.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "base/log.h"
#include "mpcctl/say.h"
#include "mpcctl/upgrade_node.h"

namespace mpc::ctl {

namespace {

using State = UpgradeState;

struct Member {
    UpgradeTarget target;
    State state = State::NotBegun;
    std::string reason {};
    Duration downtime {};
    std::optional<std::filesystem::path> reasons {};
};

/// Hosts and targets have addresses that stay: targets point at their hosts.
struct Fleet {
    std::deque<UpgradeHost> hosts {};
    std::deque<Member> members {};
};

Result<void> add_host(Fleet& fleet, UpgradeOptions const& options, std::optional<std::string> const& context,
    Interrupt const& interrupt)
{
    auto vmm_options = options.vmm;
    vmm_options.choice.context = context;
    auto const endpoint = TRY(endpoint_of(vmm_options));
    for (auto const& host : fleet.hosts) {
        if (host.address == endpoint.address)
            return Error(ErrorKind::Invalid, "the contexts name the same VMM twice: " + endpoint.address)
                .exit_as(mpc::ExitCode::Usage)
                .remedy("name each host once");
    }
    auto client = TRY(vmm::Client::make(endpoint, interrupt));
    fleet.hosts.push_back({ context.value_or(""), endpoint.address, std::move(client) });
    return ok;
}

void leave_alone(UpgradeHost const& host, vmm::VmInfo const& vm, std::string_view why)
{
    say(stderr, "left alone: {} ({})\n", label_of(host, vm), why);
}

Result<void> add_members(Fleet& fleet, UpgradeHost& host, UpgradeOptions const& options)
{
    auto vms = TRY(from_other_side(host.client.list()));
    std::ranges::sort(vms, {}, [](vmm::VmInfo const& vm) { return std::tie(vm.name, vm.id); });
    for (auto& vm : vms) {
        if (!is_node(vm)) {
            leave_alone(host, vm, "no node: its compose starts no launcher");
            continue;
        }
        auto target = TRY(open_target(host, std::move(vm), options));
        if (target.vm.status != vmm::Status::Running && !target.under_way)
            leave_alone(host, target.vm, vmm::name_of(target.vm.status));
        else
            fleet.members.push_back({ .target = std::move(target) });
    }
    return ok;
}

Result<Fleet> gather(UpgradeOptions const& options, Interrupt const& interrupt)
{
    Fleet fleet;
    if (options.contexts.empty())
        TRY(add_host(fleet, options, std::nullopt, interrupt));
    for (auto const& context : options.contexts)
        TRY(add_host(fleet, options, context, interrupt));
    for (auto& host : fleet.hosts)
        TRY(add_members(fleet, host, options).in(host.context.empty() ? host.address : host.context));
    if (fleet.members.empty())
        return Error(ErrorKind::NotFound, "there is no node that runs on these hosts")
            .remedy("mpcctl list shows what a host has");
    return fleet;
}

/// The options for one member: where its health is looked at differs from VM to VM.
Result<UpgradeOptions> options_for(UpgradeOptions const& options, UpgradeTarget const& target)
{
    auto its = options;
    for (auto* place : { &its.health.launcher_log, &its.health.evidence.public_data, &its.health.evidence.agent }) {
        if (*place)
            *place = TRY(place_for(**place, target.host->context, target.vm));
    }
    return its;
}

/// Looks at all before anything is touched; returns whether there is anything to do.
Result<bool> plan_all(Fleet& fleet, UpgradeOptions const& options, image::ImageDigest const& digest,
    Interrupt const& interrupt)
{
    bool is_anything = false;
    std::string list;
    FetchCheck fetch(options.fetch, interrupt);
    for (auto& member : fleet.members) {
        auto const plan = TRY(plan_node(TRY(options_for(options, member.target)), member.target, digest, interrupt));
        TRY(fetch.check(plan).in(member.target.label()));
        if (plan.need == Need::None)
            member.state = State::Already;
        is_anything = is_anything || plan.need != Need::None;
        list += fmt::format("  {} ({}): {}\n", member.target.label(), member.target.vm.id,
            plan.need == Need::None        ? "has it already"
                : plan.need == Need::Begin ? "will be upgraded"
                                           : "its upgrade is under way and goes on");
    }
    if (is_anything)
        TRY(confirm(options,
            fmt::format("One after the other, until one does not get well within {} s:\n{}"
                        "Each is stopped, given the image {} and started.",
                options.health_seconds, list, digest.text()),
            interrupt));
    return is_anything;
}

/// Minutes may have passed since it was planned: looks again, and does it.
Result<void> upgrade_member(Member& member, UpgradeOptions const& options, image::ImageDigest const& digest,
    Interrupt const& interrupt)
{
    auto& target = member.target;
    auto now = TRY(from_other_side(target.host->client.info(target.vm.id)));
    if (!now || !now->configuration)
        return Error(ErrorKind::NotFound, "the VM is gone").remedy("mpcctl list shows those that exist");
    if (now->status != vmm::Status::Running && !target.under_way)
        return Error(ErrorKind::Refused, fmt::format("it is {} by now", vmm::name_of(now->status)))
            .remedy("find out who stopped it, and run the upgrade again");
    target.vm = *std::move(now);
    auto const its = TRY(options_for(options, target));
    auto const plan = TRY(plan_node(its, target, digest, interrupt));
    if (plan.need == Need::None) {
        member.state = State::Already;
        return ok;
    }
    auto const performed = TRY(perform(its, target, plan, interrupt));
    member.state = state_of(performed);
    member.reason = performed.outcome.reason;
    member.downtime = performed.outcome.downtime;
    member.reasons = performed.reasons;
    return ok;
}

Result<void> upgrade_members(Fleet& fleet, UpgradeOptions const& options, image::ImageDigest const& digest,
    Interrupt const& interrupt)
{
    std::size_t number = 0;
    for (auto& member : fleet.members) {
        ++number;
        if (member.state == State::Already)
            continue;
        say(stderr, "[{} of {}] {}\n", number, fleet.members.size(), member.target.label());
        auto done = upgrade_member(member, options, digest, interrupt);
        if (!done.ok()) {
            member.state = State::Failed;
            member.reason = done.error().message();
            return std::move(done).in(member.target.label());
        }
        if (member.state == State::RolledBack)
            return ok;
    }
    return ok;
}

json::Object member_json(Member const& member)
{
    return { { "context", member.target.host->context }, { "vm", member.target.vm.id },
        { "name", member.target.vm.name }, { "outcome", name_of(member.state) }, { "reason", member.reason },
        { "reasons", member.reasons ? json::Value(member.reasons->string()) : json::Value() },
        { "downtime_ms", member.downtime.count() } };
}

void tell(Fleet const& fleet, UpgradeOptions const& options, image::ImageDigest const& digest, State whole)
{
    if (options.json) {
        json::Array members;
        for (auto const& member : fleet.members)
            members.emplace_back(member_json(member));
        say("{}\n",
            json::write_pretty(json::Object {
                { "digest", digest.text() }, { "outcome", name_of(whole) }, { "nodes", std::move(members) } }));
        return;
    }
    for (auto const& member : fleet.members)
        say("{:<11}  {}{}{}\n", name_of(member.state), member.target.label(),
            member.downtime > Duration::zero()
                ? fmt::format("  (down for {:.1f} s)", static_cast<double>(member.downtime.count()) / 1000)
                : "",
            member.reason.empty() ? "" : "  " + member.reason);
}

/// What the fleet came to: the first that stopped it, or else whether anything was done.
State whole_of(Fleet const& fleet)
{
    auto whole = State::Already;
    for (auto const& member : fleet.members) {
        if (member.state == State::RolledBack || member.state == State::Failed)
            return member.state;
        if (member.state == State::Upgraded || member.state == State::Unseen)
            whole = State::Upgraded;
    }
    return whole;
}

void replace_all(std::string& text, std::string_view what, std::string_view with)
{
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

/// Of a name that a VMM has chosen nothing may go into an address or path but a word.
bool is_word(std::string_view name)
{
    auto const is_fit = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'
            || c == '.';
    };
    return !name.empty() && name.front() != '.' && std::ranges::all_of(name, is_fit);
}

}  // namespace

bool is_node(vmm::VmInfo const& vm)
{
    auto const compose = json::read_object(vm.configuration ? vm.configuration->compose_file : "");
    auto const file = compose.ok() ? compose->require_text("docker_compose_file") : Result<std::string>("");
    return file.ok() && file->find("DEFAULT_IMAGE_DIGEST") != std::string::npos;
}

Result<std::string> place_for(std::string const& pattern, std::string const& context, vmm::VmInfo const& vm)
{
    auto place = pattern;
    for (auto const& [word, value] : { std::pair<std::string_view, std::string const&> { "{name}", vm.name },
             { "{id}", vm.id }, { "{context}", context } }) {
        if (!pattern.contains(word))
            continue;
        if (!is_word(value))
            return Error(ErrorKind::Invalid,
                "\"" + printable(value, 80) + "\" cannot stand for " + std::string(word) + " in an address or path")
                .remedy("rename it, or upgrade this VM by itself");
        replace_all(place, word, value);
    }
    if (!pattern.contains("{name}") && !pattern.contains("{id}"))
        return Error(ErrorKind::Invalid, printable(pattern) + " is the same for every node")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("write {name} or {id} where the VM's name or id belongs");
    return place;
}

Result<ExitCode> upgrade_fleet(UpgradeOptions const& options, Interrupt const& interrupt)
{
    auto fleet = TRY(gather(options, interrupt));
    auto const digest = TRY(chosen_digest(options, interrupt));
    if (!TRY(plan_all(fleet, options, digest, interrupt))) {
        tell(fleet, options, digest, State::Already);
        return ExitCode::NothingToDo;
    }
    auto const done = upgrade_members(fleet, options, digest, interrupt);
    auto const whole = whole_of(fleet);
    tell(fleet, options, digest, whole);
    TRY(done);
    return whole == State::RolledBack ? ExitCode::RolledBack : ExitCode::Done;
}

}  // namespace mpc::ctl
