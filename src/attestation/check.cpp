#include "attestation/check.h"

#include <algorithm>

namespace mpc::attestation {

namespace {

struct Entry {
    std::string_view name;
    std::string_view clause;
};

/// One line for each check; without a default, so that a new check without a line does not compile.
Entry entry_of(CheckId id)
{
    switch (id) {
    case CheckId::RootPinned:
        return { "root_pinned",
            "the collateral's three chains end in the trusted root, byte for byte (pinned Intel SGX Root CA)" };
    case CheckId::RootValidity:
        return { "root_validity", "the root certificate is within its dates (RFC 5280 4.1.2.5, both ends included)" };
    case CheckId::RootCrlSignature:
        return { "root_crl_signature", "the root CRL is issued and signed by the root (RFC 5280 5.1)" };
    case CheckId::RootCrlCurrent:
        return { "root_crl_current", "the root CRL is current: thisUpdate <= time < nextUpdate (RFC 5280 5.1.2)" };
    case CheckId::RootNotRevoked: return { "root_not_revoked", "the root is not in its own CRL" };
    case CheckId::PckCaRole:
        return { "pck_ca_role",
            "the CRL's issuer is an Intel PCK CA, issued by the root, allowed to sign certificates and CRLs" };
    case CheckId::PckCaSignature: return { "pck_ca_signature", "the PCK CA's certificate is signed by the root" };
    case CheckId::PckCaValidity:
        return { "pck_ca_validity", "the PCK CA's certificate is within its dates (RFC 5280 4.1.2.5)" };
    case CheckId::PckCaNotRevoked: return { "pck_ca_not_revoked", "the PCK CA is not in the root CRL" };
    case CheckId::PckCrlSignature:
        return { "pck_crl_signature", "the PCK CRL is issued and signed by the PCK CA (RFC 5280 5.1)" };
    case CheckId::PckCrlCurrent:
        return { "pck_crl_current", "the PCK CRL is current: thisUpdate <= time < nextUpdate (RFC 5280 5.1.2)" };
    case CheckId::TcbSignerRole:
        return { "tcb_signer_role",
            "the TCB Info signer is Intel's TCB signing certificate, issued by the root itself" };
    case CheckId::TcbSignerSignature:
        return { "tcb_signer_signature", "the TCB Info signer's certificate is signed by the root" };
    case CheckId::TcbSignerValidity:
        return { "tcb_signer_validity", "the TCB Info signer's certificate is within its dates (RFC 5280 4.1.2.5)" };
    case CheckId::TcbSignerNotRevoked:
        return { "tcb_signer_not_revoked", "the TCB Info signer is not in the root CRL" };
    case CheckId::TcbInfoSignature:
        return { "tcb_info_signature",
            "TCB Info is signed, over its exact bytes (Intel PCS API v4, Get TDX TCB Info)" };
    case CheckId::TcbInfoFormat:
        return { "tcb_info_format",
            "TCB Info has the form of version 3, every value in range, 16 components, no level twice" };
    case CheckId::TcbInfoKind: return { "tcb_info_kind", "TCB Info is for TDX: id TDX, version 3, tcbType 0" };
    case CheckId::TcbInfoCurrent: return { "tcb_info_current", "TCB Info is current: issueDate <= time <= nextUpdate" };
    case CheckId::QeSignerRole:
        return { "qe_signer_role",
            "the QE identity signer is Intel's TCB signing certificate, issued by the root itself" };
    case CheckId::QeSignerSignature:
        return { "qe_signer_signature", "the QE identity signer's certificate is signed by the root" };
    case CheckId::QeSignerValidity:
        return { "qe_signer_validity", "the QE identity signer's certificate is within its dates (RFC 5280 4.1.2.5)" };
    case CheckId::QeSignerNotRevoked:
        return { "qe_signer_not_revoked", "the QE identity signer is not in the root CRL" };
    case CheckId::QeIdentitySignature:
        return { "qe_identity_signature",
            "the QE identity is signed, over its exact bytes (Intel PCS API v4, Get TDX QE Identity)" };
    case CheckId::QeIdentityFormat:
        return { "qe_identity_format", "the QE identity has the form of version 2, every value in range" };
    case CheckId::QeIdentityKind:
        return { "qe_identity_kind", "the QE identity is of the TDX quoting enclave: id TD_QE, version 2" };
    case CheckId::QeIdentityCurrent:
        return { "qe_identity_current", "the QE identity is current: issueDate <= time <= nextUpdate" };
    case CheckId::PckRootPinned:
        return { "pck_root_pinned", "the quote's certificate chain ends in the trusted root, byte for byte" };
    case CheckId::PckIssuerRole:
        return { "pck_issuer_role",
            "the PCK's issuer is an Intel PCK CA, issued by the root, allowed to sign certificates" };
    case CheckId::PckIssuerSignature:
        return { "pck_issuer_signature", "the PCK issuer's certificate is signed by the root" };
    case CheckId::PckIssuerValidity:
        return { "pck_issuer_validity", "the PCK issuer's certificate is within its dates (RFC 5280 4.1.2.5)" };
    case CheckId::PckIssuerNotRevoked: return { "pck_issuer_not_revoked", "the PCK's issuer is not in the root CRL" };
    case CheckId::PckRole:
        return { "pck_role",
            "the first certificate is an Intel PCK certificate, issued by the PCK CA, for signing data" };
    case CheckId::PckSignature: return { "pck_signature", "the PCK certificate is signed by the PCK CA" };
    case CheckId::PckValidity: return { "pck_validity", "the PCK certificate is within its dates (RFC 5280 4.1.2.5)" };
    case CheckId::PckCrlCovers:
        return { "pck_crl_covers", "the PCK CRL is of the CA that issued this PCK (processor or platform)" };
    case CheckId::PckNotRevoked: return { "pck_not_revoked", "the PCK certificate is not in the PCK CRL" };
    case CheckId::PckExtension:
        return { "pck_extension",
            "the PCK's SGX extension is well formed and agrees with itself (Intel PCK certificate specification)" };
    case CheckId::QeVendor: return { "qe_vendor", "the quoting enclave is of Intel's vendor id (quote header)" };
    case CheckId::QeReportSignature: return { "qe_report_signature", "the QE report is signed by the PCK" };
    case CheckId::AttestationKeyBound:
        return { "attestation_key_bound",
            "the QE report holds SHA-256 of the attestation key and the QE's authentication data" };
    case CheckId::QeMrSigner: return { "qe_mr_signer", "the QE's MRSIGNER is the one of the QE identity" };
    case CheckId::QeProductId: return { "qe_product_id", "the QE's ISVPRODID is the one of the QE identity" };
    case CheckId::QeMiscSelect:
        return { "qe_misc_select", "the QE's MISCSELECT under the identity's mask is the identity's" };
    case CheckId::QeAttributes:
        return { "qe_attributes", "the QE's ATTRIBUTES under the identity's mask are the identity's" };
    case CheckId::QeNotDebug: return { "qe_not_debug", "the quoting enclave is not a debug enclave" };
    case CheckId::QuoteSignature:
        return { "quote_signature", "header and TD report are signed by the attestation key, a point on P-256" };
    case CheckId::PlatformFmspc: return { "platform_fmspc", "TCB Info is of this platform: the FMSPC of the PCK" };
    case CheckId::PlatformPceId: return { "platform_pce_id", "TCB Info is of this platform: the PCEID of the PCK" };
    case CheckId::TdxModuleKnown:
        return { "tdx_module_known", "TCB Info knows the TDX module of this version (TDX_xx)" };
    case CheckId::TdxModuleSigner: return { "tdx_module_signer", "MRSIGNERSEAM is the one of the TDX module identity" };
    case CheckId::TdxModuleAttributes:
        return { "tdx_module_attributes", "SEAMATTRIBUTES are zero, and those of the TDX module identity" };
    case CheckId::PlatformTcb: return { "platform_tcb", "the platform reaches a TCB level, component by component" };
    case CheckId::TdxModuleTcb: return { "tdx_module_tcb", "the TDX module reaches a TCB level of its identity" };
    case CheckId::QeTcb: return { "qe_tcb", "the quoting enclave reaches a TCB level of the QE identity" };
    case CheckId::CurrentTcb:
        return { "current_tcb", "what runs now (TEE_TCB_SVN2 of TD 1.5) reaches a TCB level too" };
    case CheckId::TcbNotRevoked: return { "tcb_not_revoked", "Intel has not revoked the TCB level" };
    case CheckId::TdNotDebug: return { "td_not_debug", "the virtual machine is not debuggable (TDATTRIBUTES bit 0)" };
    case CheckId::TdReservedAttributes: return { "td_reserved_attributes", "no reserved bit of TDATTRIBUTES is set" };
    case CheckId::TdSeptVeDisable: return { "td_sept_ve_disable", "SEPT_VE_DISABLE is set (TDATTRIBUTES bit 28)" };
    case CheckId::TdNotMigratable:
        return { "td_not_migratable", "the virtual machine is not migratable (TDATTRIBUTES bit 29)" };
    case CheckId::TdNoServiceTd: return { "td_no_service_td", "no service TD is bound (MRSERVICETD is zero)" };
    case CheckId::TcbStatusAccepted: return { "tcb_status_accepted", "policy: Intel's TCB status is an accepted one" };
    case CheckId::AdvisoriesAccepted: return { "advisories_accepted", "policy: every advisory is an accepted one" };
    case CheckId::TcbEvaluationNumber:
        return { "tcb_evaluation_number",
            "policy: TCB Info and QE identity are of this TCB evaluation data set or a later one" };
    case CheckId::CollateralAge:
        return { "collateral_age", "policy: TCB Info, QE identity and PCK CRL are not older than this" };
    case CheckId::EventTypes: return { "event_types", "every RTMR3 event is of dstack's runtime type 0x08000001" };
    case CheckId::EventDigests:
        return { "event_digests", "every digest that is logged for RTMR3 is that of its name and payload, recomputed" };
    case CheckId::EventNames:
        return { "event_names", "no RTMR3 event's name has a colon, which would make its digest ambiguous" };
    case CheckId::Rtmr0Replay: return { "rtmr0_replay", "the event log replays to the quoted RTMR0" };
    case CheckId::Rtmr1Replay: return { "rtmr1_replay", "the event log replays to the quoted RTMR1" };
    case CheckId::Rtmr2Replay: return { "rtmr2_replay", "the event log replays to the quoted RTMR2" };
    case CheckId::Rtmr3Replay: return { "rtmr3_replay", "the event log replays to the quoted RTMR3" };
    case CheckId::ClaimedValues:
        return { "claimed_values",
            "what the node says of its registers and compose hash is what the quote and the log say" };
    case CheckId::BootEventsPresent:
        return { "boot_events_present", "the boot's events are in the log, from system-preparing to system-ready" };
    case CheckId::BootEventsOnce: return { "boot_events_once", "no boot event occurs twice" };
    case CheckId::BootEventsOrder:
        return { "boot_events_order", "boot events are in dstack's order and before system-ready" };
    case CheckId::BootEventsPayloads: return { "boot_events_payloads", "boot events have payloads of their form" };
    case CheckId::MrtdExpected: return { "mrtd_expected", "MRTD is the one of an accepted set of measurements" };
    case CheckId::Rtmr0Expected: return { "rtmr0_expected", "RTMR0 is the one of an accepted set of measurements" };
    case CheckId::Rtmr1Expected: return { "rtmr1_expected", "RTMR1 is the one of an accepted set of measurements" };
    case CheckId::Rtmr2Expected: return { "rtmr2_expected", "RTMR2 is the one of an accepted set of measurements" };
    case CheckId::KeyProviderExpected:
        return { "key_provider_expected", "the key provider is the one of an accepted set of measurements" };
    case CheckId::ComposeHash:
        return { "compose_hash", "the compose-hash event is SHA-256 of the app-compose, byte for byte" };
    case CheckId::MrConfigId:
        return { "mr_config_id", "MRCONFIGID is 01, the compose hash, and zeros (dstack, form 1)" };
    case CheckId::AppComposeRules:
        return { "app_compose_rules", "app-compose follows the network's rules (near/mpc attestation, app_compose)" };
    case CheckId::LauncherComposeAllowed:
        return { "launcher_compose_allowed", "policy: SHA-256 of the launcher's compose file is allowed" };
    case CheckId::ImageDigestEvent:
        return { "image_digest_event",
            "mpc-image-digest was measured exactly once, with 32 bytes, after system-ready" };
    case CheckId::ImageDigestAllowed: return { "image_digest_allowed", "policy: the measured image digest is allowed" };
    case CheckId::NodeKeysBound:
        return { "node_keys_bound",
            "report data is that of the node's keys: version 1, SHA3-384 of TLS and account key, zeros" };
    case CheckId::ReceiptBound: return { "receipt_bound", "report data is SHA-384 of the launch receipt, and zeros" };
    case CheckId::NonceBound: return { "nonce_bound", "report data is the nonce that the verifier asked for" };
    case CheckId::Rtmr3Predicted: return { "rtmr3_predicted", "the RTMR3 events are the predicted ones, in order" };
    }
    return { "unknown", "unknown" };
}

}  // namespace

std::string_view name_of(CheckId id) { return entry_of(id).name; }

std::string_view clause_of(CheckId id) { return entry_of(id).clause; }

std::string_view name_of(CheckResult result)
{
    switch (result) {
    case CheckResult::Pass: return "pass";
    case CheckResult::Fail: return "fail";
    case CheckResult::NotApplicable: return "not_applicable";
    }
    return "fail";
}

Checklist::Checklist()
{
    for (std::size_t i = 0; i < check_count; ++i)
        m_checks[i].id = static_cast<CheckId>(i);
}

bool Checklist::record(CheckId id, bool holds, std::string found, std::string expected)
{
    auto& check = m_checks[static_cast<std::size_t>(id)];
    if (check.result == CheckResult::Fail)
        return false;
    check.settled = true;
    check.result = holds ? CheckResult::Pass : CheckResult::Fail;
    check.found = std::move(found);
    check.expected = std::move(expected);
    return holds;
}

void Checklist::does_not_apply(CheckId id, std::string why)
{
    auto& check = m_checks[static_cast<std::size_t>(id)];
    if (check.settled)
        return;
    check.settled = true;
    check.found = std::move(why);
}

bool Checklist::all_hold() const
{
    return std::ranges::all_of(m_checks,
        [](Check const& check) { return check.settled && check.result != CheckResult::Fail; });
}

}  // namespace mpc::attestation
