#include "mpcctl/upgrade_node.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"
#include "base/user_directory.h"
#include "config/user_config.h"
#include "mpcctl/option_values.h"
#include "mpcctl/say.h"
#include "vmm/digest_override.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t user_config_limit = std::size_t { 1 } << 20;
constexpr std::size_t most_console_bytes = std::size_t { 1 } << 20;
constexpr auto longest_look = std::chrono::seconds(10);

using vmm::UpgradeRecord;

/// Without a domain, which is nobody's business.
std::string host_name()
{
    std::array<char, 256> name {};
    if (gethostname(name.data(), name.size() - 1) != 0)
        return "";
    std::string const text(name.data());
    return text.substr(0, text.find('.'));
}

Result<Secret> new_user_config(UpgradeOptions const& options, Secret const& old, image::ImageDigest const& digest)
{
    if (!options.user_config)
        return vmm::with_override(old.reveal(), digest);
    Secret const text(TRY(read_file(*options.user_config, user_config_limit).in("user_config")));
    return vmm::with_override(text.reveal(), digest).in(options.user_config->string());
}

bool runs_with(vmm::VmInfo const& vm, Secret const& user_config)
{
    return vm.status == vmm::Status::Running && vm.configuration->user_config == user_config;
}

Result<NodeHealth> health_of(UpgradeOptions const& options, UpgradeTarget const& target, Interrupt const& interrupt)
{
    return NodeHealth::of(target.host->client, target.vm, target.host->address, options.health,
        std::chrono::seconds(options.health_seconds), interrupt);
}

Result<NodePlan> plan_to_go_on(UpgradeOptions const& options, UpgradeTarget const& target,
    image::ImageDigest const& digest, NodeHealth const& health)
{
    auto record = *target.under_way;
    if (digest != record.digest)
        return Error(ErrorKind::Invalid,
            "an upgrade of " + target.label() + " to " + record.digest.text() + " is under way")
            .remedy("finish it first: run mpcctl upgrade for it without --to, or with --back");
    if (options.back && record.direction == vmm::Direction::Forward) {
        record.direction = vmm::Direction::Back;
        record.reason = "the operator took it back";
        if (auto line = health.last_log_line(); !line.empty())
            record.log_seen = std::move(line);
    }
    return NodePlan { Need::GoOn, std::move(record) };
}

/// "20260813T120000Z"
std::string stamp_of_now()
{
    auto text = crypto::to_text(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

/// Why it failed, and what VM and launcher said; beside the journal, for whoever looks into it.
Result<std::filesystem::path> keep_reasons(UpgradeTarget const& target, UpgradeRecord const& record,
    std::string launcher_log)
{
    auto& client = target.host->client;
    json::Object bundle { { "vm", record.vm }, { "digest", record.digest.text() }, { "reason", record.reason },
        { "launcher_log", std::move(launcher_log) } };
    if (auto const vm = client.info(record.vm); vm.ok() && *vm)
        bundle.add("state", vm_json(**vm));
    std::string console;
    auto const deadline = Deadline::after(longest_look);
    // Going back does not wait for a VMM that has too much to say, or says it too slowly.
    auto const take = [&](std::string_view piece) -> Result<void> {
        console.append(piece.substr(0, most_console_bytes - console.size()));
        if (console.size() == most_console_bytes || deadline.passed())
            return Error(ErrorKind::Timeout, "enough was seen");
        return ok;
    };
    static_cast<void>(client.logs(record.vm, { .lines = 1000 }, take).ok());
    bundle.add("console", std::move(console));
    auto path = target.state / fmt::format("{}.failed-{}.json", record.vm, stamp_of_now());
    TRY(write_file_atomically(path, json::write_pretty(bundle) + "\n"));
    return path;
}

/// What the launcher's log says of a VM with that image, where it can be read: nullopt, or why its node is not well.
std::optional<std::string> why_not_well(vmm::VmInfo const& vm, std::string const& log, image::ImageDigest const& digest)
{
    if (log.empty())
        return std::nullopt;
    auto const launcher = vmm::read_launcher_log(log, "");
    if (vm.boot_progress != "done")
        return "it still boots (" + printable(vm.boot_progress, 80) + ")";
    if (!launcher.is_launched)
        return "its launcher says: "
            + printable(launcher.last_error.empty() ? launcher.last_line : launcher.last_error, 200);
    if (!launcher.selected.empty() && launcher.selected != digest.text())
        return "its launcher has launched " + launcher.selected;
    return std::nullopt;
}

/// Whether it needs to be upgraded at all. Its node may run with the image because the approved-digests file has it.
Result<Need> need_of(UpgradeOptions const& options, UpgradeTarget const& target, Secret const& changed,
    image::ImageDigest const& digest, std::string const& log)
{
    auto const problem = why_not_well(target.vm, log, digest);
    if (runs_with(target.vm, changed)) {
        if (problem)
            return Error(ErrorKind::Mismatch,
                target.label() + " has this image in its user_config already, but its node is not well: " + *problem)
                .exit_as(mpc::ExitCode::Node)
                .remedy("look at mpcctl status and mpcctl logs; mpcctl stop and mpcctl start give it another boot");
        return Need::None;
    }
    bool const is_chosen = vmm::read_launcher_log(log, "").selected == digest.text();
    bool const runs_it = target.vm.status == vmm::Status::Running && is_chosen && !problem;
    return runs_it && !options.user_config ? Need::None : Need::Begin;
}

}  // namespace

std::string label_of(UpgradeHost const& host, vmm::VmInfo const& vm)
{
    auto const name = printable(vm.name, 80);
    return host.context.empty() ? name : printable(host.context, 80) + "/" + name;
}

std::string_view name_of(UpgradeState state)
{
    switch (state) {
    case UpgradeState::NotBegun: return "not_begun";
    case UpgradeState::Already: return "already";
    case UpgradeState::Upgraded: return "upgraded";
    case UpgradeState::Unseen: return "unseen";
    case UpgradeState::RolledBack: return "rolled_back";
    case UpgradeState::Failed: return "failed";
    }
    return "";
}

UpgradeState state_of(Performed const& performed)
{
    if (performed.outcome.rolled_back)
        return UpgradeState::RolledBack;
    return performed.is_seen ? UpgradeState::Upgraded : UpgradeState::Unseen;
}

Result<std::filesystem::path> state_directory(UpgradeOptions const& options)
{
    if (options.state)
        return *options.state;
    if (auto const state = user_directory("XDG_STATE_HOME", ".local/state"))
        return *state / "mpcctl" / "upgrades";
    return Error(ErrorKind::Invalid, "HOME is not set, so nothing can be remembered").remedy("give --state DIR");
}

Result<UpgradeTarget> open_target(UpgradeHost& host, vmm::VmInfo vm, UpgradeOptions const& options)
{
    if (!vm.configuration)
        return Error(ErrorKind::Refused, "the VMM does not tell the VM's configuration")
            .remedy("check the VMM's version: an upgrade needs the present user_config");
    auto state = TRY(state_directory(options));
    auto journal = TRY(vmm::UpgradeJournal::open(state, vm.id).in(printable(vm.name, 80)));
    auto under_way = TRY(journal.load());
    return UpgradeTarget { &host, std::move(vm), std::move(state), std::move(journal), std::move(under_way) };
}

Result<image::ImageDigest> chosen_digest(UpgradeOptions const& options, Interrupt const& interrupt)
{
    std::optional<image::ImageDigest> wanted;
    if (options.to)
        wanted = TRY(parse_image_digest(*options.to).in("--to"));
    if (options.approved.contract.empty()) {
        if (wanted)
            return *wanted;
        return Error(ErrorKind::Invalid, "no digest to upgrade to")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("give --to DIGEST, or --contract and --rpc for the newest that the network allows");
    }
    auto const lists = TRY(fetch_lists(options.approved, interrupt));
    auto allowed = TRY(lists.images);
    auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    std::erase_if(allowed, [now](auto const& image) { return !near::is_allowed(image, now); });
    if (allowed.empty())
        return Error(ErrorKind::Mismatch, "the contract allows no image")
            .remedy("mpcctl approved shows until when which image was allowed");
    if (!wanted)
        return allowed.front().digest;
    if (std::ranges::find(allowed, *wanted, &near::AllowedImage::digest) == allowed.end())
        return Error(ErrorKind::Mismatch, "the contract does not allow " + wanted->text())
            .remedy("wait until it is voted in; mpcctl approved lists what is allowed, and what no longer is");
    return *wanted;
}

Result<NodePlan> plan_node(UpgradeOptions const& options, UpgradeTarget const& target, image::ImageDigest const& digest,
    Interrupt const& interrupt)
{
    auto const health = TRY(health_of(options, target, interrupt));
    if (!health.can_be_seen() && !options.unseen)
        return Error(ErrorKind::Invalid, "nothing would tell whether the node of " + target.label() + " gets well")
            .exit_as(mpc::ExitCode::Usage)
            .remedy(
                "give --launcher-log, --public-data or --agent, or have the VMM forward a port to 8090; with --unseen "
                "it is upgraded all the same, and does not come back when it fails");
    if (target.under_way)
        return plan_to_go_on(options, target, digest, health);
    auto const& present = target.vm.configuration->user_config;
    auto const claim = vmm::Claim::of(present.reveal());
    if (claim && !options.take_over)
        return Error(ErrorKind::Refused,
            "another upgrade of " + target.label() + " is under way: " + printable(claim->line()))
            .remedy("wait until it has ended; if it was cut off for good, --take-over begins anew from what is there");
    Secret const old(std::string(vmm::without_claim(present.reveal())));
    auto const changed = TRY(new_user_config(options, old, digest).in(target.label()));
    auto const own =
        TRY(vmm::Claim::make(host_name(), std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())));
    auto const need = TRY(need_of(options, target, changed, digest, health.launcher_log()));
    return NodePlan { need,
        UpgradeRecord { .vm = target.vm.id,
            .digest = digest,
            .claim = own,
            .taken_over = claim,
            .old_user_config = old,
            .new_user_config = changed } };
}

Result<void> FetchCheck::check(NodePlan const& plan)
{
    if (plan.need != Need::Begin || m_options.skip)
        return ok;
    auto const user = TRY(config::read_user_config(plan.record.new_user_config.reveal(), config::Platform::Tee));
    auto const key =
        fmt::format("{} {} {}", plan.record.digest.text(), user.image.repository(), fmt::join(user.tags, ","));
    if (std::ranges::find(m_known, key) != m_known.end())
        return ok;
    auto const found = TRY(check_fetchable(user, plan.record.digest, m_options, m_interrupt));
    say(stderr, "{} has it, as {}: {} layers, {:.1f} MB\n", user.image.repository(), found.as, found.layers,
        static_cast<double>(found.bytes) / 1e6);
    m_known.push_back(key);
    return ok;
}

Result<void> confirm(UpgradeOptions const& options, std::string const& what, Interrupt const& interrupt)
{
    if (!options.yes)
        return ask_consent(what, interrupt);
    say(stderr, "{}\n", what);
    return ok;
}

Result<Performed> perform(UpgradeOptions const& options, UpgradeTarget const& target, NodePlan const& plan,
    Interrupt const& interrupt)
{
    auto record = plan.record;
    auto const health = TRY(health_of(options, target, interrupt));
    if (plan.need == Need::Begin)
        record.log_seen = health.last_log_line();
    auto const saved = target.journal.save(record);
    // What is under way must go on, also where nothing can be written any more.
    if (!saved.ok() && plan.need == Need::Begin)
        return Error(saved.error()).remedy("nothing was begun: make room, or name another directory with --state");
    std::optional<std::filesystem::path> reasons;
    vmm::UpgradeHooks const hooks { .await_health =
                                        [&](UpgradeRecord const& now) {
                                            say(stderr, "waiting until the node is well\n");
                                            return health.wait(now);
                                        },
        .last_log_line = [&health] { return health.last_log_line(); },
        .on_step = [](std::string_view step) { say(stderr, "{}\n", step); },
        .on_failure =
            [&](UpgradeRecord const& now) {
                auto const kept = keep_reasons(target, now, health.launcher_log());
                if (kept.ok())
                    reasons = *kept;
                say(stderr, "mpcctl: {}\n", kept.ok() ? "reasons kept in " + kept->string() : kept.error().message());
            } };
    vmm::Upgrade::Settings settings;
    settings.stop.deadline = std::chrono::seconds(options.stop_seconds);
    settings.stubborn = options.force_stop ? vmm::StubbornGuest::CutPower : vmm::StubbornGuest::Leave;
    auto& client = target.host->client;
    auto outcome =
        TRY(from_other_side(vmm::Upgrade(client, target.journal, hooks, settings, interrupt).run(std::move(record)))
                .remedy("run mpcctl upgrade again: it goes on where it was"));
    return Performed { .outcome = std::move(outcome), .is_seen = health.can_be_seen(), .reasons = std::move(reasons) };
}

}  // namespace mpc::ctl
