// What can be wrong with how up to date the platform is, with the virtual machine's attributes, and with the policy on
// both.
#include "simulator/defect_tools.h"

namespace mpc::simulator {

namespace {

using attestation::CheckId;

/// The same of a TD 1.5, which says what it runs on now.
template <auto Edit>
Result<Exhibit> edited_td15(AttestedNode const& sound)
{
    auto node = sound;
    node.quote.shape = QuoteShape::V5Td15;
    node.quote.td.td15 = attestation::Td15Fields { node.quote.td.tee_tcb_svn, {} };
    return edited<Edit>(node);
}

/// Launched on module 5, which is out of date, running on module 7, which is not.
void relaunch_advised(AttestedNode& node)
{
    node.tcb_info.modules[0].levels = { { .isvsvn = 7 }, { .isvsvn = 5, .status = "OutOfDate" } };
    node.quote.td.td15->tee_tcb_svn2[0] = 7;
}

void set_status(AttestedNode& node, char const* status) { node.tcb_info.levels[0].status = status; }

constexpr Defect table[] = {
    { "fmspc-other", CheckId::PlatformFmspc, "", "TCB Info is of another platform (FMSPC)",
        edited<[](AttestedNode& node) { node.tcb_info.fmspc = "B0C06F000001"; }> },
    { "pceid-other", CheckId::PlatformPceId, "", "TCB Info is of another PCE",
        edited<[](AttestedNode& node) { node.tcb_info.pceid = "0001"; }> },
    { "tdx-module-unknown", CheckId::TdxModuleKnown, "", "TCB Info does not know the TDX module's version",
        edited<[](AttestedNode& node) { node.tcb_info.modules[0].id = "TDX_03"; }> },
    { "tdx-module-identities-missing", CheckId::TdxModuleKnown, "", "TCB Info names no TDX modules at all",
        edited<[](AttestedNode& node) { node.tcb_info.modules.clear(); }> },
    { "tdx-module-signer", CheckId::TdxModuleSigner, "", "TDX module is signed by another",
        edited<[](AttestedNode& node) { node.quote.td.mr_signer_seam[0] = 1; }> },
    { "tdx-module-attributes", CheckId::TdxModuleAttributes, "", "TDX module has attributes, which its identity allows",
        edited<[](AttestedNode& node) {
            node.quote.td.seam_attributes[0] = 1;
            node.tcb_info.modules[0].attributes.replace(0, 2, "01");
        }> },
    { "platform-tcb-sgx", CheckId::PlatformTcb, "", "platform's first component is higher, its second too low",
        edited<[](AttestedNode& node) {
            node.sgx_extension.components[0] = node.sgx_extension.cpusvn[0] = 9;
            node.sgx_extension.components[1] = node.sgx_extension.cpusvn[1] = 3;
        }> },
    { "platform-tcb-no-levels", CheckId::PlatformTcb, "", "TCB Info has no levels",
        edited<[](AttestedNode& node) { node.tcb_info.levels.clear(); }> },
    { "platform-tcb-pcesvn", CheckId::PlatformTcb, "", "platform's PCESVN reaches no level",
        edited<[](AttestedNode& node) { node.sgx_extension.pcesvn = 10; }> },
    { "platform-tcb-tdx", CheckId::PlatformTcb, "", "platform's TDX component 2 reaches no level",
        edited<[](AttestedNode& node) { node.quote.td.tee_tcb_svn[2] = 3; }> },
    { "tdx-module-tcb", CheckId::TdxModuleTcb, "", "TDX module reaches no level",
        edited<[](AttestedNode& node) { node.tcb_info.modules[0].levels = { { .isvsvn = 6 } }; }> },
    { "qe-tcb", CheckId::QeTcb, "", "quoting enclave reaches no level",
        edited<[](AttestedNode& node) { node.qe_identity.levels = { { .isvsvn = 5 } }; }> },
    { "current-tcb", CheckId::CurrentTcb, "", "TDX module that runs now reaches no level (TD 1.5)",
        edited_td15<[](AttestedNode& node) { node.quote.td.td15->tee_tcb_svn2 = { 5, 1, 3 }; }> },
    { "status-revoked", CheckId::TcbNotRevoked, "", "platform's TCB level is Revoked",
        edited<[](AttestedNode& node) { set_status(node, "Revoked"); }> },
    { "tdx-module-revoked", CheckId::TcbNotRevoked, "", "TDX module's TCB level is Revoked",
        edited<[](AttestedNode& node) { node.tcb_info.modules[0].levels[0].status = "Revoked"; }> },
    { "qe-revoked", CheckId::TcbNotRevoked, "", "quoting enclave's TCB level is Revoked",
        edited<[](AttestedNode& node) { node.qe_identity.levels[0].status = "Revoked"; }> },

    { "td-debug", CheckId::TdNotDebug, "", "virtual machine can be debugged by its host",
        edited<[](AttestedNode& node) { node.quote.td.td_attributes |= 1; }> },
    { "td-reserved-attributes", CheckId::TdReservedAttributes, "", "virtual machine has a reserved attribute",
        edited<[](AttestedNode& node) { node.quote.td.td_attributes |= 0x80; }> },
    { "td-sept-ve", CheckId::TdSeptVeDisable, "", "virtual machine lacks SEPT_VE_DISABLE",
        edited<[](AttestedNode& node) { node.quote.td.td_attributes = 0; }> },
    { "td-migratable", CheckId::TdNotMigratable, "", "virtual machine may be moved to another host",
        edited<[](AttestedNode& node) { node.quote.td.td_attributes |= 0x20000000; }> },
    { "td-service-td", CheckId::TdNoServiceTd, "", "virtual machine has a service TD (TD 1.5)",
        edited_td15<[](AttestedNode& node) { node.quote.td.td15->mr_service_td[47] = 1; }> },

    { "status-sw-hardening-needed", CheckId::TcbStatusAccepted, "", "platform's status is SWHardeningNeeded",
        edited<[](AttestedNode& node) { set_status(node, "SWHardeningNeeded"); }> },
    { "status-configuration-needed", CheckId::TcbStatusAccepted, "", "platform's status is ConfigurationNeeded",
        edited<[](AttestedNode& node) { set_status(node, "ConfigurationNeeded"); }> },
    { "status-configuration-and-sw-hardening-needed", CheckId::TcbStatusAccepted, "",
        "platform's status is ConfigurationAndSWHardeningNeeded",
        edited<[](AttestedNode& node) { set_status(node, "ConfigurationAndSWHardeningNeeded"); }> },
    { "status-out-of-date", CheckId::TcbStatusAccepted, "", "platform's status is OutOfDate",
        edited<[](AttestedNode& node) { set_status(node, "OutOfDate"); }> },
    { "status-out-of-date-configuration-needed", CheckId::TcbStatusAccepted, "",
        "platform's status is OutOfDateConfigurationNeeded",
        edited<[](AttestedNode& node) { set_status(node, "OutOfDateConfigurationNeeded"); }> },
    { "tdx-module-out-of-date", CheckId::TcbStatusAccepted, "", "TDX module is OutOfDate",
        edited<[](AttestedNode& node) { node.tcb_info.modules[0].levels[0].status = "OutOfDate"; }> },
    { "qe-out-of-date", CheckId::TcbStatusAccepted, "", "quoting enclave is OutOfDate",
        edited<[](AttestedNode& node) { node.qe_identity.levels[0].status = "OutOfDate"; }> },
    { "status-td-relaunch-advised", CheckId::TcbStatusAccepted, "", "status is TDRelaunchAdvised (TD 1.5)",
        edited_td15<relaunch_advised> },
    { "status-td-relaunch-advised-configuration-needed", CheckId::TcbStatusAccepted, "",
        "status is TDRelaunchAdvisedConfigurationNeeded (TD 1.5)", edited_td15<[](AttestedNode& node) {
            relaunch_advised(node);
            set_status(node, "ConfigurationNeeded");
        }> },
    { "advisory", CheckId::AdvisoriesAccepted, "", "platform has an advisory that the policy does not accept",
        edited<[](AttestedNode& node) { node.tcb_info.levels[0].advisories = { "INTEL-SA-00837" }; }> },
    { "tcb-evaluation-number", CheckId::TcbEvaluationNumber, "", "QE identity is of an older TCB evaluation",
        edited<[](AttestedNode& node) { node.qe_identity.evaluation_number -= 1; }> },
    { "collateral-old", CheckId::CollateralAge, "", "TCB Info was issued 32 days ago, and is current for 60",
        edited<[](AttestedNode& node) {
            node.tcb_info.issue_date = crypto::to_text(node.now - std::chrono::days(32));
        }> },
};

}  // namespace

std::span<Defect const> tcb_defects() { return table; }

}  // namespace mpc::simulator
