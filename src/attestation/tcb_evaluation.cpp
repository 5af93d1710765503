#include "attestation/tcb_evaluation.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace mpc::attestation {

namespace {

/// Component by component, never as one long number.
bool reaches(Components const& actual, Components const& level, std::size_t first)
{
    for (std::size_t i = first; i < actual.size(); ++i) {
        if (actual[i] < level[i])
            return false;
    }
    return true;
}

bool has_own_levels(Components const& tee_tcb_svn) { return tee_tcb_svn[1] > 0; }

}  // namespace

TdxModule const* module_of(TcbInfo const& info, Components const& tee_tcb_svn)
{
    if (!has_own_levels(tee_tcb_svn))
        return &info.base_module;
    auto const id = fmt::format("TDX_{:02X}", tee_tcb_svn[1]);
    auto const found = std::ranges::find(info.modules, id, &TdxModule::id);
    return found == info.modules.end() ? nullptr : &*found;
}

Standing const* platform_standing(TcbInfo const& info, SgxExtension const& platform, Components const& tee_tcb_svn)
{
    std::size_t const first = has_own_levels(tee_tcb_svn) ? 2 : 0;
    for (auto const& level : info.levels) {
        if (reaches(platform.components, level.sgx, 0) && platform.pcesvn >= level.pcesvn
            && reaches(tee_tcb_svn, level.tdx, first))
            return &level.standing;
    }
    return nullptr;
}

Standing const* enclave_standing(std::vector<EnclaveLevel> const& levels, std::uint16_t isvsvn)
{
    for (auto const& level : levels) {
        if (isvsvn >= level.isvsvn)
            return &level.standing;
    }
    return nullptr;
}

std::optional<Evaluation> evaluate(TcbInfo const& info, QeIdentity const& identity, SgxExtension const& platform,
    Components const& tee_tcb_svn, std::uint16_t qe_isvsvn)
{
    auto const* module = module_of(info, tee_tcb_svn);
    auto const* of_platform = platform_standing(info, platform, tee_tcb_svn);
    auto const* of_qe = enclave_standing(identity.levels, qe_isvsvn);
    if (!module || !of_platform || !of_qe)
        return std::nullopt;
    std::vector<Standing const*> standings { of_platform, of_qe };
    auto module_status = TcbStatus::UpToDate;
    if (has_own_levels(tee_tcb_svn)) {
        auto const* of_module = enclave_standing(module->levels, tee_tcb_svn[0]);
        if (!of_module)
            return std::nullopt;
        standings.push_back(of_module);
        module_status = of_module->status;
    }

    Evaluation evaluation { converge(of_platform->status, { module_status, of_qe->status }), of_platform->date, {} };
    std::set<std::string> advisories;
    for (auto const* standing : standings) {
        evaluation.date = std::min(evaluation.date, standing->date);
        advisories.insert(standing->advisories.begin(), standing->advisories.end());
    }
    evaluation.advisories.assign(advisories.begin(), advisories.end());
    return evaluation;
}

}  // namespace mpc::attestation
