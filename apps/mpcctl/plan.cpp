#include "mpcctl/plan.h"
#include "mpcctl/say.h"

#include <fmt/format.h>

namespace mpc::ctl {

namespace {

std::string disk_text(vmm::Plan const& plan)
{
    switch (plan.disk) {
    case vmm::DiskFate::New: return "disk: a new one is made\n";
    case vmm::DiskFate::Survives: return "disk: survives, its key stays the same\n";
    case vmm::DiskFate::NotKept: return "disk: NOT KEPT at any stop, as there is no key provider\n";
    case vmm::DiskFate::Lost: break;
    }
    std::string reasons;
    for (auto const& reason : plan.disk_reasons)
        reasons += (reasons.empty() ? "" : ", ") + reason;
    return fmt::format("\n*** THE DATA DISK WILL BE LOST ***\n"
                       "    Its sealing key changes with: {}.\n"
                       "    Nobody will ever be able to open it again: key shares, keys of the node, chain data.\n"
                       "    Migrate the key shares to a new node instead, or deploy with what made the disk.\n",
        reasons);
}

json::Array array_of(std::vector<std::string> const& texts)
{
    json::Array array;
    for (auto const& text : texts)
        array.emplace_back(text);
    return array;
}

}  // namespace

std::string as_table(vmm::Plan const& plan)
{
    auto text = fmt::format("plan: {} {}\n", vmm::name_of(plan.action),
        plan.vm_id.empty() ? "a VM" : "VM " + plan.vm_id + " (" + vmm::name_of(plan.vm_status) + ")");
    for (auto const& change : plan.changes)
        text += fmt::format("  {}: {} -> {}\n", change.field, change.before, change.after);
    text += fmt::format("compose hash           {}\napp id                 {}\nlauncher compose hash  {}\n",
        to_hex(plan.compose_hash), plan.app_id, to_hex(plan.launcher_compose_hash));
    if (plan.rtmr3)
        text += "RTMR3                  " + *plan.rtmr3 + "\n";
    text += disk_text(plan);
    for (auto const& warning : plan.warnings)
        text += "WARNING: " + warning + "\n";
    for (auto const& problem : plan.problems)
        text += "PROBLEM: " + problem + "\n";
    return text;
}

json::Object plan_json(vmm::Plan const& plan)
{
    json::Array changes;
    for (auto const& change : plan.changes)
        changes.emplace_back(json::Object {
            { "field", change.field }, { "before", change.before }, { "after", change.after } });
    return { { "action", vmm::name_of(plan.action) },
        { "vm_id", plan.vm_id.empty() ? json::Value() : json::Value(plan.vm_id) }, { "changes", std::move(changes) },
        { "disk", vmm::name_of(plan.disk) }, { "disk_reasons", array_of(plan.disk_reasons) },
        { "compose_hash", to_hex(plan.compose_hash) }, { "app_id", plan.app_id },
        { "launcher_compose_hash", to_hex(plan.launcher_compose_hash) },
        { "rtmr3", plan.rtmr3 ? json::Value(*plan.rtmr3) : json::Value() }, { "problems", array_of(plan.problems) },
        { "warnings", array_of(plan.warnings) } };
}

Result<ExitCode> run(PlanOptions const& options, Interrupt const& interrupt)
{
    auto const wanted = TRY(read_deployment(options.deployment));
    auto client = TRY(client_of(with_vmm_of(options.vmm, wanted.deployment), interrupt));
    auto const plan = TRY(vmm::make_plan(wanted, TRY(ask_what_exists(client))));
    say("{}", options.json ? json::write_pretty(plan_json(plan)) + "\n" : as_table(plan));
    if (!plan.problems.empty())
        return ExitCode::Input;
    return plan.action == vmm::Action::Nothing ? ExitCode::NothingToDo : ExitCode::Done;
}

}  // namespace mpc::ctl
