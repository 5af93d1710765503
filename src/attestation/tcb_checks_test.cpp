// How up to date the platform is, what the virtual machine may be, and what the caller's policy says of both.
#include <gtest/gtest.h>

#include "support/test_node.h"
#include "support/verification.h"

namespace mpc::attestation {
namespace {

using test::BuiltNode;
using test::failed_checks;
using test::LevelSpec;
using test::TestNode;

std::string failures(BuiltNode const& node)
{
    auto const report = node.verify();
    EXPECT_EQ(report.verdict == Verdict::Trusted, failed_checks(report).empty());
    return failed_checks(report);
}

std::string status_of(TestNode const& node)
{
    auto const report = node.build().verify();
    return report.tcb ? std::string(name_of(report.tcb->status)) : "none";
}

TEST(TcbChecks, PlatformFmspcMustBeThePcks)
{
    TestNode node;
    node.tcb_info.fmspc = "b0c06f000001";
    EXPECT_EQ(failures(node.build()), "platform_fmspc");
}

TEST(TcbChecks, PlatformPceIdMustBeThePcks)
{
    TestNode node;
    node.tcb_info.pceid = "0001";
    EXPECT_EQ(failures(node.build()), "platform_pce_id");
}

TEST(TcbChecks, TdxModuleKnownRefusesAVersionThatTcbInfoDoesNotName)
{
    TestNode node;
    node.tcb_info.modules[0].id = "TDX_03";
    EXPECT_EQ(failures(node.build()), "tdx_module_known");
    node.tcb_info.modules.clear();
    EXPECT_EQ(failures(node.build()), "tdx_module_known");
}

TEST(TcbChecks, TdxModuleKnownDoesNotFallBackToTheBaseModule)
{
    TestNode node;
    node.edit_tcb_info = [](std::string text) {
        auto const from = text.find("\"tdxModuleIdentities\"");
        return text.erase(from, text.find("\"tcbLevels\":[{\"tcb\":{\"sgx") - from);
    };
    EXPECT_EQ(failures(node.build()), "tdx_module_known");
}

TEST(TcbChecks, TdxModuleSignerMustBeTheIdentitys)
{
    TestNode node;
    node.quote.td.mr_signer_seam[0] = 1;
    EXPECT_EQ(failures(node.build()), "tdx_module_signer");
}

TEST(TcbChecks, TdxModuleAttributesMustBeZeroWhateverTheIdentitySays)
{
    TestNode node;
    node.quote.td.seam_attributes[0] = 1;
    EXPECT_EQ(failures(node.build()), "tdx_module_attributes");
    node.tcb_info.modules[0].attributes = "0100000000000000";
    EXPECT_EQ(failures(node.build()), "tdx_module_attributes");
}

TEST(TcbChecks, TheBaseModuleJudgesVersionZero)
{
    TestNode node;
    node.quote.td.tee_tcb_svn = { 5, 0, 4 };
    EXPECT_EQ(failures(node.build()), "");
    node.tcb_info.base_module.mrsigner = std::string(95, '0') + "1";
    EXPECT_EQ(failures(node.build()), "tdx_module_signer");
}

TEST(TcbChecks, PlatformTcbIsComparedComponentByComponent)
{
    TestNode node;
    node.sgx_extension.components[0] = node.sgx_extension.cpusvn[0] = 9;  // higher first, lower second
    node.sgx_extension.components[1] = node.sgx_extension.cpusvn[1] = 3;
    EXPECT_EQ(failures(node.build()), "platform_tcb");
}

TEST(TcbChecks, PlatformTcbNeedsEverySgxComponentPceSvnAndTdxComponent)
{
    for (std::size_t i = 0; i < 16; ++i) {
        TestNode node;
        node.tcb_info.levels[0].sgx[i] = node.sgx_extension.components[i] + 1U;
        EXPECT_EQ(failures(node.build()), "platform_tcb") << i;
    }
    TestNode node;
    node.tcb_info.levels[0].pcesvn = 12;
    EXPECT_EQ(failures(node.build()), "platform_tcb");
    for (std::size_t i = 2; i < 16; ++i) {
        TestNode other;
        other.tcb_info.levels[0].tdx[i] = other.quote.td.tee_tcb_svn[i] + 1U;
        EXPECT_EQ(failures(other.build()), "platform_tcb") << i;
    }
}

/// D1: with a module that has levels of its own, components 0 and 1 are the module's business.
TEST(TcbChecks, PlatformTcbLeavesTheModulesComponentsToTheModule)
{
    TestNode node;
    node.tcb_info.levels[0].tdx[0] = 6;
    node.tcb_info.levels[0].tdx[1] = 2;
    EXPECT_EQ(failures(node.build()), "");
    node.quote.td.tee_tcb_svn[1] = 0;
    EXPECT_EQ(failures(node.build()), "platform_tcb");
}

TEST(TcbChecks, PlatformTcbOfNoLevelsIsNoTcb)
{
    TestNode node;
    node.tcb_info.levels.clear();
    EXPECT_EQ(failures(node.build()), "platform_tcb");
}

TEST(TcbChecks, TakeTheHighestLevelWhateverTheOrderOfTheText)
{
    TestNode node;
    auto old = LevelSpec();
    old.sgx[0] = 1, old.status = "OutOfDate";
    node.tcb_info.levels = { old, LevelSpec() };
    EXPECT_EQ(status_of(node), "UpToDate");
    node.tcb_info.levels = { LevelSpec(), old };
    EXPECT_EQ(status_of(node), "UpToDate");
    node.tcb_info.levels = { old };
    EXPECT_EQ(status_of(node), "OutOfDate");
}

TEST(TcbChecks, TdxModuleTcbNeedsALevel)
{
    TestNode node;
    node.tcb_info.modules[0].levels = { { .isvsvn = 6 } };
    EXPECT_EQ(failures(node.build()), "tdx_module_tcb");
}

TEST(TcbChecks, QeTcbNeedsALevel)
{
    TestNode node;
    node.qe_identity.levels = { { .isvsvn = 5 } };
    EXPECT_EQ(failures(node.build()), "qe_tcb");
}

TestNode td15_node()
{
    TestNode node;
    node.quote.shape = test::QuoteShape::V5Td15;
    node.quote.td.td15 = Td15Fields { node.quote.td.tee_tcb_svn, {} };
    return node;
}

TEST(TcbChecks, CurrentTcbNeedsALevelToo)
{
    auto node = td15_node();
    node.quote.td.td15->tee_tcb_svn2 = { 5, 1, 3 };
    EXPECT_EQ(failures(node.build()), "current_tcb");
    node.quote.td.td15->tee_tcb_svn2 = { 5, 9, 4 };
    EXPECT_EQ(failures(node.build()), "current_tcb");
}

TEST(TcbChecks, AdviseARelaunchWhenOnlyTheLaunchIsOutOfDate)
{
    auto node = td15_node();
    node.tcb_info.modules[0].levels = { { .isvsvn = 7 },
        { .isvsvn = 5, .status = "OutOfDate", .advisories = { "INTEL-SA-1" } } };
    node.quote.td.td15->tee_tcb_svn2 = { 7, 1, 4 };
    EXPECT_EQ(status_of(node), "TDRelaunchAdvised");
    EXPECT_EQ(failures(node.build()), "tcb_status_accepted");
    node.tcb_info.levels[0].status = "ConfigurationNeeded";
    EXPECT_EQ(status_of(node), "TDRelaunchAdvisedConfigurationNeeded");
}

TEST(TcbChecks, TcbNotRevokedHoldsWhateverThePolicyAccepts)
{
    TestNode node;
    node.tcb_info.levels[0].status = "Revoked";
    auto built = node.build();
    EXPECT_EQ(failures(built), "tcb_not_revoked tcb_status_accepted");
    built.policy.tcb_statuses = { TcbStatus::Revoked };
    EXPECT_EQ(failures(built), "tcb_not_revoked");
    EXPECT_EQ(status_of(node), "Revoked");
}

TEST(TcbChecks, ConvergeWithModuleAndQuotingEnclave)
{
    TestNode node;
    node.tcb_info.levels[0].status = "ConfigurationNeeded";
    node.tcb_info.modules[0].levels[0].status = "OutOfDate";
    EXPECT_EQ(status_of(node), "OutOfDateConfigurationNeeded");
    node = TestNode();
    node.qe_identity.levels[0].status = "OutOfDate";
    EXPECT_EQ(status_of(node), "OutOfDate");
    node.qe_identity.levels[0].status = "Revoked";
    EXPECT_EQ(status_of(node), "Revoked");
}

TEST(TcbChecks, CollectAdvisoriesSortedAndOnceAndTheEarliestDate)
{
    TestNode node;
    node.tcb_info.levels[0].advisories = { "INTEL-SA-2", "INTEL-SA-3" };
    node.tcb_info.modules[0].levels[0].advisories = { "INTEL-SA-2" };
    node.qe_identity.levels[0].advisories = { "INTEL-SA-1" };
    node.qe_identity.levels[0].date = "2024-01-01T00:00:00Z";
    auto const report = node.build().verify();
    ASSERT_TRUE(report.tcb);
    EXPECT_EQ(report.tcb->advisories, (std::vector<std::string> { "INTEL-SA-1", "INTEL-SA-2", "INTEL-SA-3" }));
    EXPECT_EQ(crypto::to_text(report.tcb->date), "2024-01-01T00:00:00Z");
}

std::string failures_with_attributes(std::uint64_t attributes)
{
    TestNode node;
    node.quote.td.td_attributes = attributes;
    return failures(node.build());
}

TEST(TdChecks, TdNotDebugUnlessTheTokenIsGiven)
{
    TestNode node;
    node.quote.td.td_attributes |= 1;
    auto built = node.build();
    EXPECT_EQ(failures(built), "td_not_debug");
    built.policy.allow(DebugTd());
    EXPECT_EQ(failures(built), "");
    EXPECT_EQ(built.verify().loosenings, (std::vector { Loosening::SimulatedRoot, Loosening::DebugTd }));
}

TEST(TdChecks, TdReservedAttributesMustBeClearEvenForADebugTd)
{
    for (auto const bit : { 1, 7, 8, 27, 32, 39, 62 })
        EXPECT_EQ(failures_with_attributes(0x10000000 | std::uint64_t { 1 } << bit), "td_reserved_attributes") << bit;
    TestNode node;
    node.quote.td.td_attributes |= 3;
    auto built = node.build();
    built.policy.allow(DebugTd());
    EXPECT_EQ(failures(built), "td_reserved_attributes");
}

TEST(TdChecks, TdAttributesMayHavePksKeyLockerAndPerfmon)
{
    for (auto const bit : { 30, 31, 63 })
        EXPECT_EQ(failures_with_attributes(0x10000000 | std::uint64_t { 1 } << bit), "") << bit;
}

TEST(TdChecks, TdSeptVeDisableIsRequired) { EXPECT_EQ(failures_with_attributes(0), "td_sept_ve_disable"); }

TEST(TdChecks, TdNotMigratableUnlessTheTokenIsGiven)
{
    TestNode node;
    node.quote.td.td_attributes |= 0x20000000;
    auto built = node.build();
    EXPECT_EQ(failures(built), "td_not_migratable");
    built.policy.allow(MigratableTd());
    EXPECT_EQ(failures(built), "");
}

TEST(TdChecks, TdNoServiceTdUnlessTheTokenIsGiven)
{
    auto node = td15_node();
    node.quote.td.td15->mr_service_td[47] = 1;
    auto built = node.build();
    EXPECT_EQ(failures(built), "td_no_service_td");
    built.policy.allow(BoundServiceTd());
    EXPECT_EQ(failures(built), "");
}

TEST(PolicyChecks, TcbStatusAcceptedIsUpToDateOnlyByDefault)
{
    TestNode node;
    node.tcb_info.levels[0].status = "SWHardeningNeeded";
    auto built = node.build();
    EXPECT_EQ(failures(built), "tcb_status_accepted");
    built.policy.tcb_statuses.push_back(TcbStatus::SWHardeningNeeded);
    EXPECT_EQ(failures(built), "");
    built.policy.tcb_statuses.clear();
    EXPECT_EQ(failures(built), "tcb_status_accepted");
}

TEST(PolicyChecks, AdvisoriesAcceptedAreThoseOfTheList)
{
    TestNode node;
    node.tcb_info.levels[0].advisories = { "INTEL-DOC-1" };
    auto built = node.build();
    EXPECT_EQ(failures(built), "");
    built.policy.advisories = { "INTEL-DOC-1" };
    EXPECT_EQ(failures(built), "");
    built.policy.advisories = std::vector<std::string>();
    EXPECT_EQ(failures(built), "advisories_accepted");
}

TEST(PolicyChecks, TcbEvaluationNumberIsTheLesserOfTheTwo)
{
    auto built = TestNode().build();  // 20 and 19
    built.policy.minimum_tcb_evaluation_number = 19;
    EXPECT_EQ(failures(built), "");
    built.policy.minimum_tcb_evaluation_number = 20;
    EXPECT_EQ(failures(built), "tcb_evaluation_number");
}

TEST(PolicyChecks, CollateralAgeIsThatOfTheOldestPart)
{
    TestNode node;
    node.tcb_info.issue_date = node.qe_identity.issue_date = "2026-08-14T00:00:00Z";
    node.pck_crl.from = crypto::parse_time("2026-08-10T00:00:00Z").value();
    auto built = node.build();  // judged on 2026-08-15
    built.policy.maximum_collateral_age = std::chrono::days(5);
    EXPECT_EQ(failures(built), "");
    built.policy.maximum_collateral_age = std::chrono::days(5) - std::chrono::seconds(1);
    EXPECT_EQ(failures(built), "collateral_age");
}

}  // namespace
}  // namespace mpc::attestation
