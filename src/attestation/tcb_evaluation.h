// Which TCB levels a platform, its TDX module and its quoting enclave reach (Intel QVL 2026, EvaluateTcb.cpp).
#pragma once

#include <optional>

#include "attestation/sgx_extension.h"
#include "attestation/tcb_info.h"

namespace mpc::attestation {

/// The TDX module of a TEE_TCB_SVN: byte 1 is its version, byte 0 its security version. Version 0 is the base module,
/// which has no levels of its own. nullptr when TCB Info does not know the module.
[[nodiscard]] TdxModule const* module_of(TcbInfo const& info, Components const& tee_tcb_svn);

/// The highest level whose every SGX component, PCESVN and TDX component is reached. A TDX module with levels of its
/// own (byte 1 above 0) is judged by those: components 0 and 1 are not compared then.
[[nodiscard]] Standing const* platform_standing(TcbInfo const& info, SgxExtension const& platform,
    Components const& tee_tcb_svn);

/// The highest level whose security version is reached.
[[nodiscard]] Standing const* enclave_standing(std::vector<EnclaveLevel> const& levels, std::uint16_t isvsvn);

/// What all of them together say of one TEE_TCB_SVN.
struct Evaluation {
    TcbStatus status {};
    crypto::Time date {};                 ///< the earliest of the levels
    std::vector<std::string> advisories;  ///< sorted, each once
};

/// nullopt when anything reaches no level: Intel's NotSupported.
[[nodiscard]] std::optional<Evaluation> evaluate(TcbInfo const& info, QeIdentity const& identity,
    SgxExtension const& platform, Components const& tee_tcb_svn, std::uint16_t qe_isvsvn);

}  // namespace mpc::attestation
