// Intel's words for how up to date a platform is, and how they combine.
#pragma once

#include <compare>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace mpc::attestation {

/// Intel PCS API v4, tcbStatus; the last two are made by comparing what a TD was launched on with what runs now.
enum class TcbStatus {
    UpToDate,
    SWHardeningNeeded,
    ConfigurationNeeded,
    ConfigurationAndSWHardeningNeeded,
    OutOfDate,
    OutOfDateConfigurationNeeded,
    Revoked,
    TDRelaunchAdvised,
    TDRelaunchAdvisedConfigurationNeeded,
};

/// Intel's word.
[[nodiscard]] std::string_view name_of(TcbStatus status);
/// The status with exactly this name, among all or among those that Intel signs. nullopt when there is none.
[[nodiscard]] std::optional<TcbStatus> tcb_status(std::string_view name);
[[nodiscard]] std::optional<TcbStatus> signed_platform_status(std::string_view name);
/// Of an enclave or a TDX module Intel says only UpToDate, OutOfDate or Revoked.
[[nodiscard]] std::optional<TcbStatus> signed_enclave_status(std::string_view name);

/// The platform's status, made worse by that of the TDX module or the quoting enclave (Intel QVL 2026, EvaluateTcb).
[[nodiscard]] TcbStatus converge(TcbStatus platform, std::initializer_list<TcbStatus> enclaves);

/// What a TD was launched on, seen with what runs now (Intel QVL 2026, TDRelaunchCheck): when only the launch is out of
/// date, relaunching the TD is advised. In all other cases the launch decides.
[[nodiscard]] TcbStatus with_relaunch(TcbStatus launch, TcbStatus current);

}  // namespace mpc::attestation
