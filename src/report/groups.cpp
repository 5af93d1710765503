#include "report/groups.h"

#include <algorithm>

#include <fmt/format.h>

#include "report/text.h"

namespace mpc::report {

namespace {

using attestation::Check;
using attestation::CheckId;
using attestation::CheckResult;

constexpr std::array all_groups {
    Group { "collateral", "Collateral", "Is what Intel publishes authentic and current?", CheckId::RootPinned,
        CheckId::QeIdentityCurrent },
    Group { "platform_key", "Platform key", "Does the platform's key come from Intel?", CheckId::PckRootPinned,
        CheckId::PckExtension },
    Group { "quote", "Quote", "Is the quote genuine?", CheckId::QeVendor, CheckId::QuoteSignature },
    Group { "tcb", "TCB", "How up to date is the platform?", CheckId::PlatformFmspc, CheckId::TcbNotRevoked },
    Group { "td", "Virtual machine", "Is the virtual machine closed to its host?", CheckId::TdNotDebug,
        CheckId::TdNoServiceTd },
    Group { "policy", "Policy", "Is that good enough for you?", CheckId::TcbStatusAccepted, CheckId::CollateralAge },
    Group { "boot", "Boot", "Is the boot what the registers say?", CheckId::EventTypes, CheckId::BootEventsPayloads },
    Group { "node", "Node", "Is it the system, the image and the node that are expected?", CheckId::MrtdExpected,
        CheckId::Rtmr3Predicted },
};

}  // namespace

std::span<Group const> groups() { return all_groups; }

Group const& group_of(CheckId id)
{
    return *std::ranges::find_if(all_groups, [id](Group const& group) { return id <= group.last; });
}

std::span<Check const> checks_of(attestation::Checklist const& checks, Group const& group)
{
    auto const at = [&](CheckId id) { return checks.begin() + static_cast<std::ptrdiff_t>(id); };
    return { at(group.first), at(group.last) + 1 };
}

void Tally::add(Check const& check)
{
    switch (check.result) {
    case CheckResult::Pass: ++passed; return;
    case CheckResult::Fail: ++failed; return;
    case CheckResult::NotApplicable: ++(check.settled ? not_applicable : unjudged); return;
    }
}

Outcome Tally::outcome() const
{
    if (failed > 0)
        return Outcome::Fails;
    if (unjudged > 0)
        return Outcome::Unjudged;
    return passed > 0 ? Outcome::Holds : Outcome::DoesNotApply;
}

std::string Tally::text() const
{
    auto const judged = passed + failed;
    switch (outcome()) {
    case Outcome::Holds: return counted(passed, "check") + (passed == 1 ? " holds" : " hold");
    case Outcome::Fails: return fmt::format("{} of {} fail{}", failed, judged, failed == 1 ? "s" : "");
    case Outcome::Unjudged:
        return judged == 0 ? "not judged" : fmt::format("{} of {} not judged", unjudged, judged + unjudged);
    case Outcome::DoesNotApply: return "not judged";
    }
    return "not judged";
}

Tally tally_of(std::span<Check const> checks)
{
    Tally tally;
    for (auto const& check : checks)
        tally.add(check);
    return tally;
}

}  // namespace mpc::report
