#include "attestation/forecast.h"

#include <algorithm>

#include <fmt/format.h>

namespace mpc::attestation {

namespace {

Prospect of_window(Window const& window)
{
    if (window.kind == WindowKind::Certificate)
        return { Cause::Certificate, window.what, window.until,
            "then nothing that it vouches for holds; its issuer must renew it before" };
    return { Cause::Collateral, window.what, window.until,
        "then this copy is out of date; fetch the collateral again, and let the node attest again" };
}

/// TCB Info, QE identity and PCK CRL have an age; the root CRL lives for a year and has none (Policy).
bool has_age(Window const& window) { return window.kind == WindowKind::SignedText || window.what == "PCK CRL"; }

std::optional<Prospect> collateral_age(Report const& report, Policy const& policy)
{
    if (!policy.maximum_collateral_age)
        return std::nullopt;
    std::optional<Prospect> soonest;
    for (auto const& window : report.windows) {
        auto const end = window.from + *policy.maximum_collateral_age;
        if (has_age(window) && (!soonest || end < soonest->when))
            soonest = Prospect { Cause::CollateralAge, "age of " + window.what, end,
                "then the policy's maximum_collateral_age_days refuses it; fetch the collateral again" };
    }
    return soonest;
}

/// Intel judges platforms anew from time to time; this copy's word holds no longer than the copy.
std::optional<Prospect> tcb_recovery(Report const& report)
{
    auto const info = std::ranges::find(report.windows, "TCB Info", &Window::what);
    if (!report.tcb || info == report.windows.end())
        return std::nullopt;
    return Prospect { Cause::TcbRecovery, "TCB evaluation", info->until,
        fmt::format("then at the latest a newer evaluation than number {} judges this platform, whose TCB is of {}: "
                    "after a TCB recovery of Intel's that can be OutOfDate; watch Intel's security advisories and "
                    "update firmware, TDX module and quoting enclave before",
            report.tcb->tcb_info_evaluation_number, crypto::to_text(report.tcb->date).substr(0, 10)) };
}

}  // namespace

std::string_view name_of(Cause cause)
{
    switch (cause) {
    case Cause::Collateral: return "collateral";
    case Cause::Certificate: return "certificate";
    case Cause::CollateralAge: return "collateral_age";
    case Cause::TcbRecovery: return "tcb_recovery";
    case Cause::AttestationAge: return "attestation_age";
    case Cause::ImageDigest: return "image_digest";
    }
    return "unknown";
}

std::vector<Prospect> forecast(Report const& report, Policy const& policy, ForecastFacts const& facts)
{
    std::vector<Prospect> prospects;
    std::ranges::transform(report.windows, std::back_inserter(prospects), of_window);
    if (auto age = collateral_age(report, policy))
        prospects.push_back(*std::move(age));
    if (auto recovery = tcb_recovery(report))
        prospects.push_back(*std::move(recovery));
    if (facts.submitted_at)
        prospects.push_back({ Cause::AttestationAge, "attestation", *facts.submitted_at + attestation_lifetime,
            "then the network drops it, unless the node has attested again" });
    if (facts.image_digest_deadline)
        prospects.push_back({ Cause::ImageDigest, "image digest", *facts.image_digest_deadline,
            "then the network no longer allows this image; upgrade the node before" });
    std::erase_if(prospects, [&](Prospect const& prospect) { return prospect.when < report.judged_at; });
    std::ranges::stable_sort(prospects, {}, &Prospect::when);
    return prospects;
}

}  // namespace mpc::attestation
