// One verification under way; for the files that hold its checks.
#pragma once

#include "attestation/sgx_extension.h"
#include "attestation/verify.h"

namespace mpc::attestation {

struct Judgement {
    Evidence const& evidence;
    VerifiedCollateral const& collateral;
    Policy const& policy;
    Report& report;

    [[nodiscard]] Checklist& checks() const { return report.checks; }
    [[nodiscard]] SignedQuote const& quote() const { return evidence.quote; }
};

/// The PCK's chain and what the PCK says of its platform; nullopt unless chain and extension hold.
std::optional<SgxExtension> judge_pck(Judgement const& judgement);
/// The quoting enclave's report and the quote's signature; whether both are genuine. `pck_holds`: the PCK is authentic.
bool judge_quote(Judgement const& judgement, bool pck_holds);
/// How up to date the platform is.
void judge_tcb(Judgement const& judgement, SgxExtension const& platform);
/// The virtual machine's attributes.
void judge_td(Judgement const& judgement);
/// What the caller's policy says of platform and collateral.
void judge_policy(Judgement const& judgement);
/// What dstack measured: the log and the registers. Whether the log is that of RTMR3.
bool judge_boot(Judgement const& judgement);
/// What runs: the operating system, the application, the node. `log_holds`: the log is that of RTMR3.
void judge_node(Judgement const& judgement, bool log_holds);

/// Whether all bytes are zero.
[[nodiscard]] bool all_zero(ByteView bytes);

}  // namespace mpc::attestation
