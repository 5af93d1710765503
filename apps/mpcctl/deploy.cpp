#include "mpcctl/deploy.h"

#include <unistd.h>

#include "mpcctl/output_file.h"
#include "mpcctl/plan.h"
#include "mpcctl/say.h"
#include "vmm/boot.h"
#include "vmm/wait.h"

namespace mpc::ctl {

namespace {

constexpr auto longest_shutdown = std::chrono::minutes(5);

/// What must be true before anything is touched.
Result<void> check_plan(vmm::Plan const& plan, DeployOptions const& options)
{
    if (!plan.problems.empty())
        return Error(ErrorKind::Invalid, "it must not be deployed like this: " + plan.problems.front())
            .remedy(plan.problems.size() == 1 ? "mend that, and look at mpcctl plan"
                                              : "mpcctl plan shows every problem; mend them");
    if (plan.upgrade)
        return Error(ErrorKind::Refused, "an upgrade of VM " + plan.vm_id + " is under way: " + *plan.upgrade)
            .remedy("wait until it has ended, or go on with it by mpcctl upgrade " + plan.vm_id
                + "; if it was cut off for good, mpcctl upgrade --take-over");
    if (plan.disk == vmm::DiskFate::Lost && !options.accept_data_loss)
        return Error(ErrorKind::Invalid,
            "the data disk of VM " + plan.vm_id + " would be lost: its sealing key changes with "
                + plan.disk_reasons[0])
            .remedy(
                "deploy what made the disk, or migrate the key shares first; --accept-data-loss goes on, also where "
                "this puts back what made the disk");
    return ok;
}

Result<void> confirm(vmm::Plan const& plan, DeployOptions const& options, Interrupt const& interrupt)
{
    if (plan.action != vmm::Action::Change || options.yes)
        return ok;
    return ask_consent("VM " + plan.vm_id + " will be stopped, changed and started.", interrupt);
}

/// Keeps what is measured under names that say which it is.
Result<void> keep_record(vmm::Wanted const& wanted, vmm::Plan const& plan, std::filesystem::path const& directory)
{
    auto const stem = "compose-" + to_hex(plan.compose_hash).substr(0, 16);
    TRY(write_measured_output(directory / (stem + ".app-compose.json"), wanted.app_compose).in("--record"));
    TRY(write_measured_output(directory / (stem + ".launcher-compose.yaml"), wanted.compose).in("--record"));
    return ok;
}

/// That the VMM has the bytes that were planned: anything else has another sealing key.
Result<void> check_made(vmm::Client& client, std::string const& id, vmm::Plan const& plan)
{
    auto const vm = TRY(from_other_side(client.info(id)));
    if (vm && vm->configuration && vm->configuration->compose_file == plan.configuration.compose_file)
        return ok;
    return Error(ErrorKind::Refused, "the VMM has another app-compose for VM " + id + " than it was given")
        .remedy("do not use this VM; look into the VMM's own log, and remove it with mpcctl remove " + id);
}

/// Not started: nothing runs that was not looked at.
Result<std::string> create(vmm::Client& client, vmm::Plan const& plan)
{
    if (TRY(from_other_side(client.compose_hash(plan.configuration))) != plan.compose_hash)
        return Error(ErrorKind::Refused, "the VMM computes another compose hash: nothing was created")
            .remedy("something between here and the VMM changes what is sent: connect directly");
    auto id = client.create(plan.configuration);
    if (!id.ok() && id.error().kind() != ErrorKind::Refused)
        return Error(ErrorKind::Refused, id.error().message() + "; the VM may exist all the same")
            .remedy("look with mpcctl list before you deploy again");
    return TRY(from_other_side(std::move(id)));
}

/// Of several that deploy under one name at the same time one goes on: each has made a VM before it looks, and all but
/// the one with the least id remove theirs again.
Result<void> be_the_only_one(vmm::Client& client, std::string const& name, std::string const& id,
    Interrupt const& interrupt)
{
    // Longer than another one takes from looking at what exists to making its VM.
    TRY(interrupt.sleep(std::chrono::seconds(1)));
    for (auto const& vm : TRY(from_other_side(client.list()))) {
        if (vm.name != name || vm.id == id)
            continue;
        if (vm.id > id && vm.status == vmm::Status::Stopped) {
            TRY(from_other_side(vmm::wait_until_gone(client, vm.id, { std::chrono::seconds(10) }, interrupt)));
            continue;
        }
        TRY(from_other_side(client.remove(id)));
        return Error(ErrorKind::Refused,
            "somebody else has made VM " + vm.id + " of this name at the same time; this one was removed again")
            .remedy("look at it with mpcctl status " + vm.id);
    }
    return ok;
}

Result<void> change(vmm::Client& client, vmm::Plan const& plan, Interrupt const& interrupt)
{
    auto const& id = plan.vm_id;
    if (plan.vm_status != vmm::Status::Stopped)
        TRY(from_other_side(vmm::shut_down(client, id, plan.vm_status, { longest_shutdown }, interrupt)));
    auto const is_stopped = "VM " + id + " is stopped now";
    TRY(from_other_side(client.update(id, plan.update))
            .in(is_stopped)
            .remedy("mpcctl plan shows what is left to change; mpcctl start " + id + " starts it as it is"));
    TRY(check_made(client, id, plan).in(is_stopped));
    TRY(from_other_side(client.start(id)).in(is_stopped).remedy("look into the VMM's log, then mpcctl start " + id));
    return ok;
}

/// That there is nothing left to change: what the VMM tells of its VM is what was asked for, field by field.
Result<void> check_nothing_is_left(vmm::Client& client, vmm::Wanted const& wanted, std::string const& id)
{
    auto const plan = TRY(vmm::make_plan(wanted, TRY(ask_what_exists(client))));
    if (plan.action == vmm::Action::Nothing && plan.vm_id == id)
        return ok;
    auto const what = plan.changes.empty() || plan.vm_id != id ? "its name" : plan.changes.front().field;
    return Error(ErrorKind::Refused, "the VMM has made VM " + id + " otherwise than it was asked to: " + what)
        .remedy("do not use this VM; look into the VMM's own log, and remove it with mpcctl remove " + id);
}

/// A new VM, looked at before it starts.
Result<void> finish(vmm::Client& client, vmm::Wanted const& wanted, vmm::Plan const& plan, std::string const& id,
    Interrupt const& interrupt)
{
    TRY(be_the_only_one(client, plan.configuration.name, id, interrupt));
    TRY(check_made(client, id, plan));
    TRY(check_nothing_is_left(client, wanted, id));
    return from_other_side(client.start(id));
}

/// To a VM that is as it is wanted, and was started; its id.
Result<std::string> carry_out(vmm::Client& client, vmm::Wanted const& wanted, vmm::Plan const& plan,
    Interrupt const& interrupt)
{
    auto const& id = plan.vm_id;
    switch (plan.action) {
    case vmm::Action::Create: {
        auto made = TRY(create(client, plan));
        TRY(finish(client, wanted, plan, made, interrupt).in("VM " + made + " was made, but"));
        return made;
    }
    case vmm::Action::Change:
        TRY(change(client, plan, interrupt));
        TRY(check_nothing_is_left(client, wanted, id).in("VM " + id + " was changed, but"));
        return id;
    case vmm::Action::Nothing:
        // What an earlier run has left, or somebody has stopped.
        if (plan.vm_status != vmm::Status::Running)
            TRY(from_other_side(client.start(id)));
        return id;
    }
    return Error(ErrorKind::Internal, "an action without a deed");
}

std::string deployed(std::string const& id) { return "VM " + id + " was deployed"; }

/// What is known in the end of what was deployed.
struct Outcome {
    vmm::BootReport boot;
    std::optional<Result<void>> attestation {};  ///< absent: not asked for, or the node does not run
};

ExitCode tell(vmm::Plan const& plan, std::string const& id, Outcome const& outcome, bool json)
{
    auto const& report = outcome.boot;
    bool const runs = report.outcome == vmm::BootOutcome::Launched || report.outcome == vmm::BootOutcome::Unconfirmed;
    bool const is_refused = outcome.attestation && !outcome.attestation->ok();
    bool const is_trusted = outcome.attestation && outcome.attestation->ok();
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(report.duration).count();
    if (json) {
        auto object = plan_json(plan);
        object.add("deployed", id);
        object.add("healthy", is_trusted || (report.outcome == vmm::BootOutcome::Launched && !is_refused));
        object.add("attested", outcome.attestation ? json::Value(is_trusted) : json::Value());
        object.add("reason", is_refused ? outcome.attestation->error().message() : report.reason);
        object.add("launcher_exit_code",
            report.launcher ? json::Value(static_cast<int>(*report.launcher)) : json::Value());
        object.add("seconds", seconds);
        say("{}\n", json::write_pretty(object));
    } else {
        say("VM {}: {} ({} s)\n", id, report.reason, seconds);
    }
    if (is_refused)
        say(stderr, "{}\nremedy: look at the whole report with mpcctl verify\n",
            outcome.attestation->error().message());
    else if (report.outcome != vmm::BootOutcome::Launched && !is_trusted)
        say(stderr, "remedy: {}\n", report.remedy);
    else if (!outcome.attestation)
        say(stderr, "note: its attestation was not verified: --public-data or --agent, and --policy, do that\n");
    return runs && !is_refused ? ExitCode::Done : ExitCode::RolledBack;
}

/// Whether a VM that needs no change has a node that is well, as far as it can be seen in one look.
Result<bool> runs_already(vmm::Client& client, vmm::Plan const& plan, vmm::BootWatch watch, Interrupt const& interrupt)
{
    if (plan.vm_status != vmm::Status::Running)
        return false;
    watch.deadline = Duration::zero();
    auto const seen = TRY(from_other_side(vmm::follow_boot(client, plan.vm_id, watch, interrupt)));
    return seen.outcome == vmm::BootOutcome::Launched || seen.outcome == vmm::BootOutcome::Unconfirmed;
}

/// Where the policy file lists no images, the one is expected that the launcher must choose. Errors: Invalid where
/// there is none such, as nothing could be trusted then.
Result<ExpectedNode> expected_of(vmm::Wanted const& wanted, vmm::Plan const& plan, HealthOptions const& health)
{
    ExpectedNode expected { .compose_hash = plan.compose_hash };
    if (!health.verifies() || !TRY(policy_of(health.policy)).image_digests.empty())
        return expected;
    expected.image = vmm::expected_digest(wanted, plan.disk);
    if (!expected.image)
        return Error(ErrorKind::Invalid,
            "the policy lists no image, and which one the launcher will choose is not known here")
            .remedy("list what is allowed as image_digests of the policy");
    return expected;
}

Result<Outcome> follow(vmm::Client& client, std::string const& id, vmm::BootWatch watch, ExpectedNode const& expected,
    DeployOptions const& options, Interrupt const& interrupt)
{
    auto const deadline = Deadline::after(watch.deadline);
    if (isatty(STDERR_FILENO) != 0)
        watch.on_progress = [](std::string const& step) { say(stderr, "  {}\n", step); };
    Outcome outcome {
        .boot = TRY(from_other_side(vmm::follow_boot(client, id, watch, interrupt)).in(deployed(id) + ", but"))
    };
    bool const runs =
        outcome.boot.outcome == vmm::BootOutcome::Launched || outcome.boot.outcome == vmm::BootOutcome::Unconfirmed;
    if (!runs || !options.health.verifies())
        return outcome;
    outcome.attestation = wait_for_attestation(options.health, expected, deadline, interrupt);
    if (!outcome.attestation->ok() && outcome.attestation->error().kind() != ErrorKind::Mismatch)
        return Error(outcome.attestation->error()).in(deployed(id) + ", but");
    return outcome;
}

}  // namespace

Result<ExitCode> run(DeployOptions const& options, Interrupt const& interrupt)
{
    auto const wanted = TRY(read_deployment(options.deployment));
    auto const vmm_options = with_vmm_of(options.vmm, wanted.deployment);
    auto const endpoint = TRY(endpoint_of(vmm_options));
    auto client = TRY(vmm::Client::make(endpoint, interrupt));
    auto const plan = TRY(vmm::make_plan(wanted, TRY(ask_what_exists(client, wanted.deployment, endpoint.address))));
    if (!options.json)
        say("{}", as_table(plan));
    TRY(check_plan(plan, options));
    auto const launcher_log = TRY(launcher_log_of(options.health, plan.configuration, endpoint.address, interrupt));
    vmm::BootWatch watch { .deadline = std::chrono::seconds(options.wait_seconds), .launcher_log = launcher_log };
    if (plan.action == vmm::Action::Nothing && TRY(runs_already(client, plan, watch, interrupt))) {
        if (options.json)
            say("{}\n", json::write_pretty(plan_json(plan)));
        return ExitCode::NothingToDo;
    }
    TRY(confirm(plan, options, interrupt));
    auto const expected = TRY(expected_of(wanted, plan, options.health));
    TRY(keep_record(wanted, plan, options.record));
    // The log of an earlier boot may still be there: only what comes after its last line is about this one.
    bool const is_left_running = plan.action == vmm::Action::Nothing && plan.vm_status == vmm::Status::Running;
    if (auto const log = launcher_log && !is_left_running ? launcher_log() : Result<std::string>(""); log.ok())
        watch.seen_before = vmm::read_launcher_log(*log, "").last_line;
    auto const id = TRY(carry_out(client, wanted, plan, interrupt));
    return tell(plan, id, TRY(follow(client, id, std::move(watch), expected, options, interrupt)), options.json);
}

}  // namespace mpc::ctl
