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
    return fmt::format(
        "\n*** THE DATA DISK WILL BE LOST ***\n"
        "    Its sealing key changes with: {}.\n"
        "    Nobody can open it with another key: key shares, keys of the node, chain data.\n"
        "    Only exactly what made the disk gives its key again. If this deployment puts just that back\n"
        "    after a wrong change, it recovers the disk; the VMM does not tell what made it.\n"
        "    Otherwise migrate the key shares to a new node, or deploy with what made the disk.\n",
        reasons);
}

/// A line for each field.
std::string fields_text(vmm::Plan const& plan)
{
    std::string text;
    for (auto const& [field, before, after] : plan.changes) {
        auto const change = plan.action == vmm::Action::Create ? "" : before.value_or("(none)") + " -> ";
        text += fmt::format("  {}: {}{}\n", field, change, after.value_or("(none)"));
    }
    return text;
}

/// Which image the launcher will measure, and with what outcome.
std::string image_text(vmm::Plan const& plan)
{
    std::string text = "image digest           ";
    if (plan.image)
        text += plan.image->text();
    else
        text += plan.disk == vmm::DiskFate::New
            ? "that of the compose file"
            : "the newest that its node has approved, if any, else the compose file's: only the disk tells";
    if (plan.rtmr3)
        text += "\nRTMR3                  " + plan.rtmr3->value
            + (plan.rtmr3->is_certain ? "" : ", if it runs " + plan.rtmr3->image.text());
    return text + "\n";
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
    if (plan.upgrade)
        text +=
            fmt::format("\n*** AN UPGRADE OF IT IS UNDER WAY ***\n    {}\n    Nothing must be deployed meanwhile: wait "
                        "until it has ended, or go on with it by mpcctl upgrade.\n\n",
                *plan.upgrade);
    text += fields_text(plan);
    text += fmt::format("compose hash           {}\napp id                 {}\nlauncher compose hash  {}\n",
        to_hex(plan.compose_hash), plan.app_id, to_hex(plan.launcher_compose_hash));
    text += image_text(plan) + disk_text(plan);
    for (auto const& warning : plan.warnings)
        text += "WARNING: " + warning + "\n";
    for (auto const& problem : plan.problems)
        text += "PROBLEM: " + problem + "\n";
    return text;
}

json::Object plan_json(vmm::Plan const& plan)
{
    auto const or_null = [](std::optional<std::string> const& text) {
        return text ? json::Value(*text) : json::Value();
    };
    json::Array changes;
    for (auto const& [field, before, after] : plan.changes)
        changes.emplace_back(json::Object {
            { "field", field }, { "before", or_null(before) }, { "after", or_null(after) } });
    json::Value certain;
    json::Value uncertain;
    if (plan.rtmr3 && plan.rtmr3->is_certain)
        certain = plan.rtmr3->value;
    else if (plan.rtmr3)
        uncertain = json::Object { { "image_digest", plan.rtmr3->image.text() }, { "rtmr3", plan.rtmr3->value } };
    return { { "action", vmm::name_of(plan.action) },
        { "vm_id", plan.vm_id.empty() ? json::Value() : json::Value(plan.vm_id) },
        { "upgrade_under_way", or_null(plan.upgrade) }, { "changes", std::move(changes) },
        { "disk", vmm::name_of(plan.disk) }, { "disk_reasons", array_of(plan.disk_reasons) },
        { "compose_hash", to_hex(plan.compose_hash) }, { "app_id", plan.app_id },
        { "launcher_compose_hash", to_hex(plan.launcher_compose_hash) },
        { "image_digest", plan.image ? json::Value(plan.image->text()) : json::Value() },
        { "rtmr3", std::move(certain) }, { "rtmr3_if", std::move(uncertain) }, { "problems", array_of(plan.problems) },
        { "warnings", array_of(plan.warnings) } };
}

Result<ExitCode> run(PlanOptions const& options, Interrupt const& interrupt)
{
    auto const wanted = TRY(read_deployment(options.deployment));
    auto const endpoint = TRY(endpoint_of(with_vmm_of(options.vmm, wanted.deployment)));
    auto client = TRY(vmm::Client::make(endpoint, interrupt));
    auto const plan = TRY(vmm::make_plan(wanted, TRY(ask_what_exists(client, wanted.deployment, endpoint.address))));
    say("{}", options.json ? json::write_pretty(plan_json(plan)) + "\n" : as_table(plan));
    if (!plan.problems.empty())
        return ExitCode::Input;
    if (plan.upgrade)
        return ExitCode::OtherSide;
    return plan.action == vmm::Action::Nothing ? ExitCode::NothingToDo : ExitCode::Done;
}

}  // namespace mpc::ctl
