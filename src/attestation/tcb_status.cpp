#include "attestation/tcb_status.h"

#include <algorithm>
#include <array>

namespace mpc::attestation {

namespace {

constexpr std::array all_statuses { TcbStatus::UpToDate, TcbStatus::SWHardeningNeeded, TcbStatus::ConfigurationNeeded,
    TcbStatus::ConfigurationAndSWHardeningNeeded, TcbStatus::OutOfDate, TcbStatus::OutOfDateConfigurationNeeded,
    TcbStatus::Revoked, TcbStatus::TDRelaunchAdvised, TcbStatus::TDRelaunchAdvisedConfigurationNeeded };

TcbStatus made_out_of_date(TcbStatus platform)
{
    switch (platform) {
    case TcbStatus::UpToDate:
    case TcbStatus::SWHardeningNeeded: return TcbStatus::OutOfDate;
    case TcbStatus::ConfigurationNeeded:
    case TcbStatus::ConfigurationAndSWHardeningNeeded: return TcbStatus::OutOfDateConfigurationNeeded;
    case TcbStatus::OutOfDate:
    case TcbStatus::OutOfDateConfigurationNeeded:
    case TcbStatus::Revoked:
    case TcbStatus::TDRelaunchAdvised:
    case TcbStatus::TDRelaunchAdvisedConfigurationNeeded: return platform;
    }
    return TcbStatus::Revoked;
}

bool is_one_of(TcbStatus status, std::initializer_list<TcbStatus> set)
{
    return std::ranges::find(set, status) != set.end();
}

bool needs_configuration(TcbStatus status)
{
    return is_one_of(status,
        { TcbStatus::ConfigurationNeeded, TcbStatus::OutOfDateConfigurationNeeded,
            TcbStatus::ConfigurationAndSWHardeningNeeded });
}

}  // namespace

std::string_view name_of(TcbStatus status)
{
    switch (status) {
    case TcbStatus::UpToDate: return "UpToDate";
    case TcbStatus::SWHardeningNeeded: return "SWHardeningNeeded";
    case TcbStatus::ConfigurationNeeded: return "ConfigurationNeeded";
    case TcbStatus::ConfigurationAndSWHardeningNeeded: return "ConfigurationAndSWHardeningNeeded";
    case TcbStatus::OutOfDate: return "OutOfDate";
    case TcbStatus::OutOfDateConfigurationNeeded: return "OutOfDateConfigurationNeeded";
    case TcbStatus::Revoked: return "Revoked";
    case TcbStatus::TDRelaunchAdvised: return "TDRelaunchAdvised";
    case TcbStatus::TDRelaunchAdvisedConfigurationNeeded: return "TDRelaunchAdvisedConfigurationNeeded";
    }
    return "Revoked";
}

std::optional<TcbStatus> tcb_status(std::string_view name)
{
    for (auto const status : all_statuses) {
        if (name_of(status) == name)
            return status;
    }
    return std::nullopt;
}

std::optional<TcbStatus> signed_platform_status(std::string_view name)
{
    auto const status = tcb_status(name);
    if (status && is_one_of(*status, { TcbStatus::TDRelaunchAdvised, TcbStatus::TDRelaunchAdvisedConfigurationNeeded }))
        return std::nullopt;
    return status;
}

std::optional<TcbStatus> signed_enclave_status(std::string_view name)
{
    auto const status = tcb_status(name);
    if (status && !is_one_of(*status, { TcbStatus::UpToDate, TcbStatus::OutOfDate, TcbStatus::Revoked }))
        return std::nullopt;
    return status;
}

TcbStatus converge(TcbStatus platform, std::initializer_list<TcbStatus> enclaves)
{
    if (std::ranges::find(enclaves, TcbStatus::Revoked) != enclaves.end())
        return TcbStatus::Revoked;
    if (std::ranges::find(enclaves, TcbStatus::OutOfDate) != enclaves.end())
        return made_out_of_date(platform);
    return platform;
}

TcbStatus with_relaunch(TcbStatus launch, TcbStatus current)
{
    bool const launched_on_old = is_one_of(launch, { TcbStatus::OutOfDate, TcbStatus::OutOfDateConfigurationNeeded });
    bool const runs_on_new = is_one_of(current,
        { TcbStatus::UpToDate, TcbStatus::SWHardeningNeeded, TcbStatus::ConfigurationNeeded,
            TcbStatus::ConfigurationAndSWHardeningNeeded });
    if (!launched_on_old || !runs_on_new)
        return launch;
    return needs_configuration(launch) || needs_configuration(current) ? TcbStatus::TDRelaunchAdvisedConfigurationNeeded
                                                                       : TcbStatus::TDRelaunchAdvised;
}

}  // namespace mpc::attestation
