// The checks of how up to date the platform is, of the virtual machine's attributes, and of the caller's policy on
// both.
#include <algorithm>

#include <fmt/format.h>

#include "attestation/judgement.h"
#include "attestation/tcb_evaluation.h"
#include "base/log.h"

namespace mpc::attestation {

namespace {

// TDATTRIBUTES, Intel TDX Module Base Architecture Specification.
constexpr std::uint64_t td_debug = 1;
constexpr std::uint64_t td_sept_ve_disable = std::uint64_t { 1 } << 28;
constexpr std::uint64_t td_migratable = std::uint64_t { 1 } << 29;
constexpr std::uint64_t td_reserved_tud = 0xfe;                  // bits 7:1
constexpr std::uint64_t td_reserved_sec = 0x0fffff00;            // bits 27:8
constexpr std::uint64_t td_reserved_other = 0x7fffffff00000000;  // bits 62:32; 63 is PERFMON

std::string text_of(Standing const* standing)
{
    return standing ? std::string(name_of(standing->status)) : "no level is reached";
}
/// TCB Info is of this platform: the FMSPC of the PCK.
bool check_fmspc(Judgement const& judgement, TcbInfo const& info, SgxExtension const& platform)
{
    return judgement.checks().record(CheckId::PlatformFmspc, info.fmspc == platform.fmspc,
        "TCB Info of " + to_hex(info.fmspc), to_hex(platform.fmspc));
}
/// TCB Info is of this platform: the PCEID of the PCK.
bool check_pceid(Judgement const& judgement, TcbInfo const& info, SgxExtension const& platform)
{
    return judgement.checks().record(CheckId::PlatformPceId, info.pceid == platform.pceid,
        "TCB Info of " + to_hex(info.pceid), to_hex(platform.pceid));
}
/// TCB Info knows the TDX module of this version (TDX_xx).
TdxModule const* check_module_known(Judgement const& judgement, TcbInfo const& info)
{
    auto const& svn = judgement.quote().td.tee_tcb_svn;
    auto const* module = module_of(info, svn);
    judgement.checks().record(CheckId::TdxModuleKnown, module != nullptr, fmt::format("version {}", svn[1]),
        "a version that TCB Info names");
    return module;
}
/// MRSIGNERSEAM is the one of the TDX module identity.
void check_module_signer(Judgement const& judgement, TdxModule const& module)
{
    auto const& found = judgement.quote().td.mr_signer_seam;
    judgement.checks().record(CheckId::TdxModuleSigner, found == module.mrsigner, to_hex(found),
        to_hex(module.mrsigner));
}

/// SEAMATTRIBUTES are zero, and those of the TDX module identity.
/// Intel requires zero whatever the identity's mask says.
void check_module_attributes(Judgement const& judgement, TdxModule const& module)
{
    auto const& found = judgement.quote().td.seam_attributes;
    judgement.checks().record(CheckId::TdxModuleAttributes, all_zero(found) && found == module.attributes,
        to_hex(found), to_hex(module.attributes) + ", and zero");
}
/// The platform reaches a TCB level, component by component.
Standing const* check_platform_tcb(Judgement const& judgement, TcbInfo const& info, SgxExtension const& platform)
{
    auto const* standing = platform_standing(info, platform, judgement.quote().td.tee_tcb_svn);
    judgement.checks().record(CheckId::PlatformTcb, standing != nullptr, text_of(standing),
        "a TCB level that is reached");
    return standing;
}
/// The TDX module reaches a TCB level of its identity.
Standing const* check_module_tcb(Judgement const& judgement, TdxModule const& module)
{
    auto const& svn = judgement.quote().td.tee_tcb_svn;
    if (svn[1] == 0) {
        judgement.checks().does_not_apply(CheckId::TdxModuleTcb,
            "the platform's levels judge a TDX module of version 0");
        return nullptr;
    }
    auto const* standing = enclave_standing(module.levels, svn[0]);
    judgement.checks().record(CheckId::TdxModuleTcb, standing != nullptr, text_of(standing),
        "a TCB level that is reached");
    return standing;
}
/// The quoting enclave reaches a TCB level of the QE identity.
Standing const* check_qe_tcb(Judgement const& judgement, QeIdentity const& identity)
{
    auto const* standing = enclave_standing(identity.levels, judgement.quote().qe_report.isvsvn);
    judgement.checks().record(CheckId::QeTcb, standing != nullptr, text_of(standing), "a TCB level that is reached");
    return standing;
}
/// What runs now (TEE_TCB_SVN2 of TD 1.5) reaches a TCB level too.
std::optional<Evaluation> check_current_tcb(Judgement const& judgement, TcbInfo const& info, QeIdentity const& identity,
    SgxExtension const& platform)
{
    auto const& quote = judgement.quote();
    if (!quote.td.td15) {
        judgement.checks().does_not_apply(CheckId::CurrentTcb, "a TD 1.0 report says only what it was launched on");
        return std::nullopt;
    }
    auto current = evaluate(info, identity, platform, quote.td.td15->tee_tcb_svn2, quote.qe_report.isvsvn);
    judgement.checks().record(CheckId::CurrentTcb, current.has_value(),
        current ? std::string(name_of(current->status)) : "no level is reached", "a TCB level that is reached");
    return current;
}
/// Intel has not revoked the TCB level.
void check_tcb_not_revoked(Judgement const& judgement, TcbStatus status)
{
    judgement.checks().record(CheckId::TcbNotRevoked, status != TcbStatus::Revoked, std::string(name_of(status)),
        "any status but Revoked");
}
/// The virtual machine is not debuggable (TDATTRIBUTES bit 0).
void check_td_not_debug(Judgement const& judgement)
{
    bool const debug = (judgement.quote().td.td_attributes & td_debug) != 0;
    judgement.checks().record(CheckId::TdNotDebug, !debug || judgement.policy.allows(Loosening::DebugTd),
        debug ? "a debug TD" : "not a debug TD", "not a debug TD");
}
/// No reserved bit of TDATTRIBUTES is set.
void check_td_reserved(Judgement const& judgement)
{
    auto const attributes = judgement.quote().td.td_attributes;
    auto const reserved = attributes & (td_reserved_tud | td_reserved_sec | td_reserved_other);
    judgement.checks().record(CheckId::TdReservedAttributes, reserved == 0, fmt::format("{:#018x}", attributes),
        "no bit of 62:32, 27:8 and 7:1");
}
/// SEPT_VE_DISABLE is set (TDATTRIBUTES bit 28).
void check_td_sept_ve_disable(Judgement const& judgement)
{
    auto const attributes = judgement.quote().td.td_attributes;
    judgement.checks().record(CheckId::TdSeptVeDisable, (attributes & td_sept_ve_disable) != 0,
        fmt::format("{:#018x}", attributes), "bit 28 is set");
}
/// The virtual machine is not migratable (TDATTRIBUTES bit 29).
void check_td_not_migratable(Judgement const& judgement)
{
    bool const migratable = (judgement.quote().td.td_attributes & td_migratable) != 0;
    judgement.checks().record(CheckId::TdNotMigratable, !migratable || judgement.policy.allows(Loosening::MigratableTd),
        migratable ? "migratable" : "not migratable", "not migratable");
}
/// No service TD is bound (MRSERVICETD is zero).
void check_td_no_service_td(Judgement const& judgement)
{
    auto const& td15 = judgement.quote().td.td15;
    if (!td15) {
        judgement.checks().does_not_apply(CheckId::TdNoServiceTd, "a TD 1.0 report has no MRSERVICETD");
        return;
    }
    judgement.checks().record(CheckId::TdNoServiceTd,
        all_zero(td15->mr_service_td) || judgement.policy.allows(Loosening::BoundServiceTd),
        to_hex(td15->mr_service_td), "zeros");
}
/// Policy: Intel's TCB status is an accepted one.
void check_status_accepted(Judgement const& judgement, TcbStatus status)
{
    std::string accepted;
    for (auto const each : judgement.policy.tcb_statuses)
        accepted += (accepted.empty() ? "" : ", ") + std::string(name_of(each));
    judgement.checks().record(CheckId::TcbStatusAccepted,
        std::ranges::find(judgement.policy.tcb_statuses, status) != judgement.policy.tcb_statuses.end(),
        std::string(name_of(status)), accepted.empty() ? "nothing is accepted" : accepted);
}
/// Policy: every advisory is an accepted one.
void check_advisories_accepted(Judgement const& judgement, std::vector<std::string> const& advisories)
{
    auto const& accepted = judgement.policy.advisories;
    if (!accepted) {
        judgement.checks().does_not_apply(CheckId::AdvisoriesAccepted, "the policy says nothing of advisories");
        return;
    }
    for (auto const& advisory : advisories) {
        if (std::ranges::find(*accepted, advisory) == accepted->end()) {
            judgement.checks().record(CheckId::AdvisoriesAccepted, false, printable(advisory, 40),
                "an accepted advisory");
            return;
        }
    }
    judgement.checks().record(CheckId::AdvisoriesAccepted, true, std::to_string(advisories.size()) + " advisories",
        "accepted advisories only");
}
/// Policy: TCB Info and QE identity are of this TCB evaluation data set or a later one.
void check_evaluation_number(Judgement const& judgement, TcbInfo const& info, QeIdentity const& identity)
{
    auto const least = judgement.policy.minimum_tcb_evaluation_number;
    if (!least) {
        judgement.checks().does_not_apply(CheckId::TcbEvaluationNumber,
            "the policy says nothing of evaluation numbers");
        return;
    }
    auto const found = std::min(info.issue.evaluation_number, identity.issue.evaluation_number);
    judgement.checks().record(CheckId::TcbEvaluationNumber, found >= *least, std::to_string(found),
        std::to_string(*least) + " or above");
}
/// Policy: TCB Info, QE identity and PCK CRL are not older than this.
void check_collateral_age(Judgement const& judgement, TcbInfo const& info, QeIdentity const& identity,
    crypto::RevocationList const& crl)
{
    auto const most = judgement.policy.maximum_collateral_age;
    if (!most) {
        judgement.checks().does_not_apply(CheckId::CollateralAge, "the policy says nothing of the collateral's age");
        return;
    }
    auto const oldest = std::min({ info.issue.issued, identity.issue.issued, crl.validity().from });
    auto const age = judgement.collateral.time() - oldest;
    judgement.checks().record(CheckId::CollateralAge, age <= *most, fmt::format("{} seconds", age.count()),
        fmt::format("at most {} seconds", most->count()));
}

std::optional<TcbStatus> status_of(Standing const* standing)
{
    return standing ? std::optional(standing->status) : std::nullopt;
}

}  // namespace

void judge_tcb(Judgement const& judgement, SgxExtension const& platform)
{
    auto const* info = judgement.collateral.tcb_info();
    auto const* identity = judgement.collateral.qe_identity();
    if (!info || !check_fmspc(judgement, *info, platform) || !check_pceid(judgement, *info, platform) || !identity)
        return;
    auto const* of_qe = check_qe_tcb(judgement, *identity);
    auto const* of_platform = check_platform_tcb(judgement, *info, platform);
    auto const current = check_current_tcb(judgement, *info, *identity, platform);
    auto const* module = check_module_known(judgement, *info);
    if (!module)
        return;
    check_module_signer(judgement, *module);
    check_module_attributes(judgement, *module);
    auto const* of_module = check_module_tcb(judgement, *module);

    auto const& quote = judgement.quote();
    auto const launch = evaluate(*info, *identity, platform, quote.td.tee_tcb_svn, quote.qe_report.isvsvn);
    if (!launch || (quote.td.td15 && !current))
        return;
    auto const status = current ? with_relaunch(launch->status, current->status) : launch->status;
    check_tcb_not_revoked(judgement, status);
    judgement.report.tcb =
        TcbJudgement { status, launch->status, current ? std::optional(current->status) : std::nullopt,
            status_of(of_platform), status_of(of_module), status_of(of_qe), launch->date, launch->advisories,
            info->issue.evaluation_number, identity->issue.evaluation_number };
}

void judge_td(Judgement const& judgement)
{
    check_td_not_debug(judgement);
    check_td_reserved(judgement);
    check_td_sept_ve_disable(judgement);
    check_td_not_migratable(judgement);
    check_td_no_service_td(judgement);
}

void judge_policy(Judgement const& judgement)
{
    if (auto const& tcb = judgement.report.tcb) {
        check_status_accepted(judgement, tcb->status);
        check_advisories_accepted(judgement, tcb->advisories);
    }
    auto const* info = judgement.collateral.tcb_info();
    auto const* identity = judgement.collateral.qe_identity();
    if (info && identity)
        check_evaluation_number(judgement, *info, *identity);
    if (info && identity && judgement.collateral.pck_crl())
        check_collateral_age(judgement, *info, *identity, *judgement.collateral.pck_crl());
}

}  // namespace mpc::attestation
