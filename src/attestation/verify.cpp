#include "attestation/verify.h"

#include <algorithm>

#include "attestation/judgement.h"

namespace mpc::attestation {

namespace {

/// A collateral that was judged under another root proves nothing here.
void require_same_root(Judgement const& judgement)
{
    auto const& used = judgement.collateral.trust_root();
    if (used != judgement.policy.root())
        judgement.checks().record(CheckId::RootPinned, false,
            "a collateral judged under SHA-256 " + to_hex(used.fingerprint()),
            "SHA-256 " + to_hex(judgement.policy.root().fingerprint()));
}

void leave_out_node(Checklist& checks)
{
    for (auto id = static_cast<std::size_t>(CheckId::EventTypes); id < check_count; ++id)
        checks.does_not_apply(static_cast<CheckId>(id), "only the platform was judged, not what runs on it");
}

void add_notes(Report& report, SignedQuote const& quote)
{
    if (quote.trailing_bytes > 0)
        report.notes.push_back(Note::TrailingBytes);
    if (quote.qe_authentication.size() != 32)
        report.notes.push_back(Note::QeAuthenticationLength);
    if (!all_zero(ByteView(quote.qe_report.report_data).last(32)))
        report.notes.push_back(Note::QeReportDataTail);
}

void intersect_windows(Report& report)
{
    for (auto const& window : report.windows) {
        report.valid_from = std::max(report.valid_from.value_or(window.from), window.from);
        report.valid_until = std::min(report.valid_until.value_or(window.until), window.until);
    }
}

}  // namespace

bool all_zero(ByteView bytes)
{
    return std::ranges::all_of(bytes, [](auto byte) { return byte == 0; });
}

Report verify(Evidence const& evidence, Collateral const& collateral, Policy const& policy, crypto::Time now)
{
    return verify(evidence, VerifiedCollateral::verify(collateral, policy.root(), now), policy);
}

Report verify(Evidence const& evidence, VerifiedCollateral const& collateral, Policy const& policy)
{
    Report report;
    report.scope = policy.scope;
    report.judged_at = collateral.time();
    report.checks = collateral.checks();
    report.windows = collateral.windows();
    report.loosenings = policy.loosenings();
    Judgement const judgement { evidence, collateral, policy, report };

    require_same_root(judgement);
    auto const platform = judge_pck(judgement);
    if (judge_quote(judgement, platform.has_value())) {
        report.measurements = evidence.quote.td;
        judge_tcb(judgement, *platform);
        judge_td(judgement);
        if (policy.scope == Scope::Node)
            judge_node(judgement, judge_boot(judgement));
    }
    judge_policy(judgement);
    if (policy.scope == Scope::Platform)
        leave_out_node(report.checks);
    add_notes(report, evidence.quote);
    intersect_windows(report);
    report.verdict = report.checks.all_hold() ? Verdict::Trusted : Verdict::NotTrusted;
    return report;
}

std::string_view name_of(Verdict verdict)
{
    switch (verdict) {
    case Verdict::Trusted: return "trusted";
    case Verdict::NotTrusted: return "not_trusted";
    }
    return "not_trusted";
}

std::string_view name_of(Note note)
{
    switch (note) {
    case Note::TrailingBytes: return "trailing_bytes";
    case Note::QeAuthenticationLength: return "qe_authentication_length";
    case Note::QeReportDataTail: return "qe_report_data_tail";
    }
    return "unknown";
}

Check const* Report::first_failure() const
{
    auto const* failed = std::ranges::find(checks, CheckResult::Fail, &Check::result);
    return failed == checks.end() ? nullptr : failed;
}

}  // namespace mpc::attestation
