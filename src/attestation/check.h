// The checks of an attestation: a closed list, each with its name, its clause and its outcome.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace mpc::attestation {

/// Every check there is, in the order of the report. docs/attestation-checks.md ties each to its function and its test.
enum class CheckId {
    // The collateral: who vouches for what, and until when.
    RootPinned,
    RootValidity,
    RootCrlSignature,
    RootCrlCurrent,
    RootNotRevoked,
    PckCaRole,
    PckCaSignature,
    PckCaValidity,
    PckCaNotRevoked,
    PckCrlSignature,
    PckCrlCurrent,
    TcbSignerRole,
    TcbSignerSignature,
    TcbSignerValidity,
    TcbSignerNotRevoked,
    TcbInfoSignature,
    TcbInfoFormat,
    TcbInfoKind,
    TcbInfoCurrent,
    QeSignerRole,
    QeSignerSignature,
    QeSignerValidity,
    QeSignerNotRevoked,
    QeIdentitySignature,
    QeIdentityFormat,
    QeIdentityKind,
    QeIdentityCurrent,
    // The platform's own key (PCK) and its certificates in the quote.
    PckRootPinned,
    PckIssuerRole,
    PckIssuerSignature,
    PckIssuerValidity,
    PckIssuerNotRevoked,
    PckRole,
    PckSignature,
    PckValidity,
    PckCrlCovers,
    PckNotRevoked,
    PckExtension,
    // The quoting enclave and the quote.
    QeVendor,
    QeReportSignature,
    AttestationKeyBound,
    QeMrSigner,
    QeProductId,
    QeMiscSelect,
    QeAttributes,
    QeNotDebug,
    QuoteSignature,
    // How up to date the platform is.
    PlatformFmspc,
    PlatformPceId,
    TdxModuleKnown,
    TdxModuleSigner,
    TdxModuleAttributes,
    PlatformTcb,
    TdxModuleTcb,
    QeTcb,
    CurrentTcb,
    TcbNotRevoked,
    // The virtual machine.
    TdNotDebug,
    TdReservedAttributes,
    TdSeptVeDisable,
    TdNotMigratable,
    TdNoServiceTd,
    // The caller's policy.
    TcbStatusAccepted,
    AdvisoriesAccepted,
    TcbEvaluationNumber,
    CollateralAge,
    // What dstack measured while it booted.
    EventTypes,
    EventDigests,
    EventNames,
    Rtmr0Replay,
    Rtmr1Replay,
    Rtmr2Replay,
    Rtmr3Replay,
    ClaimedValues,
    BootEventsPresent,
    BootEventsOnce,
    BootEventsOrder,
    BootEventsPayloads,
    // Which operating system, which application, which node.
    MrtdExpected,
    Rtmr0Expected,
    Rtmr1Expected,
    Rtmr2Expected,
    KeyProviderExpected,
    ComposeHash,
    MrConfigId,
    AppComposeRules,
    LauncherComposeAllowed,
    ImageDigestEvent,
    ImageDigestAllowed,
    NodeKeysBound,
    ReceiptBound,
    NonceBound,
    Rtmr3Predicted,
};

inline constexpr std::size_t check_count = static_cast<std::size_t>(CheckId::Rtmr3Predicted) + 1;

enum class CheckResult {
    Pass,
    Fail,
    NotApplicable,  ///< not judged; `found` says why
};

struct Check {
    CheckId id {};
    CheckResult result = CheckResult::NotApplicable;
    bool settled = false;  ///< whether anybody decided, be it that the check does not apply; a trusted report needs all
    std::string found = "not judged, because an earlier check failed";
    std::string expected;
};

/// Stable, for machines: "tcb_info_signature".
[[nodiscard]] std::string_view name_of(CheckId id);
/// What the check proves and where that is laid down, for people.
[[nodiscard]] std::string_view clause_of(CheckId id);
/// "pass", "fail", "not_applicable".
[[nodiscard]] std::string_view name_of(CheckResult result);

/// Every check with its outcome so far. Each starts as not judged; one that failed stays failed.
class Checklist {
public:
    Checklist();

    /// Notes an outcome; returns whether it holds.
    bool record(CheckId id, bool holds, std::string found, std::string expected);
    /// Decides that a check has no meaning here, and why. Does not undo an outcome.
    void does_not_apply(CheckId id, std::string why);
    void count_signature() { ++m_signatures; }

    [[nodiscard]] Check const& operator[](CheckId id) const { return m_checks[static_cast<std::size_t>(id)]; }
    /// Whether every check was settled and none failed.
    [[nodiscard]] bool all_hold() const;
    [[nodiscard]] bool passed(CheckId id) const { return (*this)[id].result == CheckResult::Pass; }
    [[nodiscard]] auto begin() const { return m_checks.begin(); }
    [[nodiscard]] auto end() const { return m_checks.end(); }
    /// How many signatures were verified for these outcomes.
    [[nodiscard]] unsigned signatures() const { return m_signatures; }

private:
    std::array<Check, check_count> m_checks;
    unsigned m_signatures = 0;
};

}  // namespace mpc::attestation
