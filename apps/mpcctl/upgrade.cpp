#include "mpcctl/upgrade.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/user_directory.h"
#include "config/user_config.h"
#include "mpcctl/option_values.h"
#include "vmm/digest_override.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t user_config_limit = std::size_t { 1 } << 20;

using vmm::Direction;
using vmm::UpgradeRecord;

Result<std::filesystem::path> state_directory(UpgradeOptions const& options)
{
    if (options.state)
        return *options.state;
    if (auto const state = user_directory("XDG_STATE_HOME", ".local/state"))
        return *state / "mpcctl" / "upgrades";
    return Error(ErrorKind::Invalid, "HOME is not set, so nothing can be remembered").remedy("give --state DIR");
}

/// The digest that was asked for, or the newest; the contract, where one is named, must allow it.
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
    auto const allowed = TRY(lists.images);
    if (allowed.empty())
        return Error(ErrorKind::Mismatch, "the contract allows no image");
    if (!wanted)
        return allowed.front().digest;
    if (std::ranges::find(allowed, *wanted, &near::AllowedImage::digest) == allowed.end())
        return Error(ErrorKind::Mismatch, "the contract does not allow " + wanted->text())
            .remedy("wait until it is voted in; mpcctl approved lists what is allowed");
    return *wanted;
}

Result<Secret> new_user_config(UpgradeOptions const& options, Secret const& old, image::ImageDigest const& digest)
{
    if (!options.user_config)
        return vmm::with_override(old.reveal(), digest);
    Secret const text(TRY(read_file(*options.user_config, user_config_limit).in("user_config")));
    return vmm::with_override(text.reveal(), digest).in(options.user_config->string());
}

Result<UpgradeRecord> begin(UpgradeOptions const& options, vmm::VmInfo const& vm, Interrupt const& interrupt)
{
    auto const digest = TRY(chosen_digest(options, interrupt));
    auto const& old = vm.configuration->user_config;
    auto const changed = TRY(new_user_config(options, old, digest));
    return UpgradeRecord { .vm = vm.id, .digest = digest, .old_user_config = old, .new_user_config = changed };
}

Result<void> confirm(UpgradeOptions const& options, vmm::VmInfo const& vm, UpgradeRecord const& record)
{
    auto const what =
        fmt::format("{} ({}) will be stopped, given the image {} and started; if it does not get well within "
                    "{} s, it goes back to what it has now.",
            printable(vm.name, 80), vm.id, record.digest.text(), options.health_seconds);
    if (options.yes) {
        fmt::print(stderr, "{}\n", what);
        return ok;
    }
    auto const answer = ask(what + " Go on (yes or no)?");
    if (answer && *answer == "yes")
        return ok;
    return Error(ErrorKind::Invalid, answer ? "not confirmed: nothing was done" : "nobody can be asked for consent")
        .exit_as(mpc::ExitCode::Usage)
        .remedy("answer yes, or give --yes");
}

/// Why it failed, and what the VM said; beside the journal, for whoever looks into it.
void keep_reasons(std::filesystem::path const& directory, vmm::Client& client, UpgradeRecord const& record,
    std::string const& reason)
{
    json::Object bundle { { "vm", record.vm }, { "digest", record.digest.text() }, { "reason", reason } };
    if (auto const vm = client.info(record.vm); vm.ok() && *vm)
        bundle.add("state", vm_json(**vm));
    std::string console;
    auto const take = [&console](std::string_view piece) -> Result<void> {
        console.append(piece.substr(0, (std::size_t { 1 } << 20) - console.size()));
        return ok;
    };
    if (client.logs(record.vm, { .lines = 1000 }, take).ok())
        bundle.add("console", std::move(console));
    auto const path = directory / (record.vm + ".failed.json");
    auto const written = write_file_atomically(path, json::write_pretty(bundle) + "\n");
    fmt::print(stderr, "mpcctl: {}\n", written.ok() ? "reasons kept in " + path.string() : written.error().message());
}

ExitCode tell(UpgradeOptions const& options, UpgradeRecord const& record, vmm::UpgradeOutcome const& outcome)
{
    auto const seconds = static_cast<double>(outcome.downtime.count()) / 1000;
    if (options.json)
        fmt::print("{}\n",
            json::write_pretty(json::Object { { "vm", record.vm }, { "digest", record.digest.text() },
                { "outcome", outcome.rolled_back ? "rolled_back" : "upgraded" }, { "reason", outcome.reason },
                { "downtime_ms", outcome.downtime.count() } }));
    else if (outcome.rolled_back)
        fmt::print("ROLLED BACK to the old user_config: {} (down for {:.1f} s)\n", outcome.reason, seconds);
    else
        fmt::print("upgraded to {} (down for {:.1f} s)\n", record.digest.text(), seconds);
    return outcome.rolled_back ? ExitCode::RolledBack : ExitCode::Done;
}

bool runs_with(vmm::VmInfo const& vm, Secret const& user_config)
{
    return vm.status == vmm::Status::Running && vm.configuration->user_config == user_config;
}

Result<UpgradeRecord> record_for(UpgradeOptions const& options, vmm::VmInfo const& vm,
    std::optional<UpgradeRecord> const& under_way, Interrupt const& interrupt)
{
    if (!under_way) {
        auto record = TRY(begin(options, vm, interrupt));
        if (!runs_with(vm, record.new_user_config))
            TRY(confirm(options, vm, record));
        return record;
    }
    if (options.to && TRY(parse_image_digest(*options.to).in("--to")) != under_way->digest)
        return Error(ErrorKind::Invalid, "an upgrade of this VM to " + under_way->digest.text() + " is under way")
            .remedy("finish it first: run mpcctl upgrade without --to");
    fmt::print(stderr, "going on with the upgrade to {}\n", under_way->digest.text());
    return *under_way;
}

}  // namespace

Result<ExitCode> run(UpgradeOptions const& options, Interrupt const& interrupt)
{
    auto const endpoint = TRY(endpoint_of(options.vmm));
    auto client = TRY(vmm::Client::make(endpoint, interrupt));
    auto const vm = TRY(vm_named(client, options.vm));
    if (!vm.configuration)
        return Error(ErrorKind::Refused, "the VMM does not tell the VM's configuration")
            .remedy("check the VMM's version: an upgrade needs the present user_config");
    auto const directory = TRY(state_directory(options));
    auto const journal = TRY(vmm::UpgradeJournal::open(directory, vm.id));
    auto const under_way = TRY(journal.load());
    auto record = TRY(record_for(options, vm, under_way, interrupt));
    if (!under_way && runs_with(vm, record.new_user_config)) {
        fmt::print(stderr, "{} runs with {} already\n", printable(vm.name, 80), record.digest.text());
        return ExitCode::NothingToDo;
    }

    auto const health = TRY(NodeHealth::of(client, vm, endpoint.address, options.health,
        std::chrono::seconds(options.health_seconds), interrupt));
    if (!under_way)
        record.log_seen = health.last_log_line();
    auto const await_health = [&](UpgradeRecord const& now) {
        fmt::print(stderr, "waiting until the node is well\n");
        auto well = health.wait(now);
        if (!well.ok() && well.error().kind() != ErrorKind::Interrupted)
            keep_reasons(directory, client, now, well.error().message());
        return well;
    };
    vmm::UpgradeHooks const hooks { .await_health = await_health,
        .last_log_line = [&] { return health.last_log_line(); },
        .on_step = [](std::string_view step) { fmt::print(stderr, "{}\n", step); } };
    vmm::Upgrade::Settings settings;
    settings.stop.deadline = std::chrono::seconds(options.stop_seconds);
    auto const outcome = TRY(from_other_side(vmm::Upgrade(client, journal, hooks, settings, interrupt).run(record))
            .remedy("run mpcctl upgrade again: it goes on where it was"));
    return tell(options, record, outcome);
}

}  // namespace mpc::ctl
