// A simulated agent's quotes under its own root: believed with the token, and never without it.
#include "simulator/trust.h"

#include "attestation/verify.h"
#include "simulator/guest_agent_fixture.h"
#include "simulator/policy_text.h"
#include "support/verification.h"

namespace mpc::simulator {
namespace {

using attestation::CheckId;
using attestation::Verdict;

constexpr crypto::Time now(std::chrono::seconds(1786622400));

class SimulatedTrust : public GuestAgentTest {
protected:
    static attestation::NodeKeys keys() { return { { Seed(1).bytes32("a") }, { Seed(1).bytes32("b") } }; }
    static Sha256 image() { return Seed(1).bytes32("an image"); }

    /// A boot that has measured its image.
    void boot_node(std::string const& version = "0.5.8")
    {
        boot({ .seed = 3, .version = version });
        emit(evidence::image_digest_event, to_hex(image()));
    }
    attestation::Evidence evidence_with(attestation::ReportData const& report_data)
    {
        auto const answer = object_in(post("GetQuote", R"({"report_data":")" + to_hex(report_data) + R"("})"));
        auto const quote = from_hex(answer.require_text("quote").value()).value();
        return { .quote = attestation::SignedQuote::parse(quote).value(),
            .event_log = evidence::parse_event_log(answer.require_text("event_log").value()).value(),
            .app_compose = m_agent->identity().app_compose };
    }
    attestation::Evidence evidence_for_keys()
    {
        auto evidence = evidence_with(report_data_of(keys()));
        evidence.node_keys = keys();
        return evidence;
    }
    attestation::Policy policy()
    {
        auto policy = policy_for(*m_agent).value();
        policy.image_digests.push_back(image::ImageDigest(image()));
        return policy;
    }
    attestation::Report judge(attestation::Evidence const& evidence, attestation::Policy const& policy)
    {
        auto const published = m_agent->machine().collateral(now).value();
        auto const collateral = attestation::Collateral::parse(json_of(published, BinaryForm::Hex)).value();
        return attestation::verify(evidence, collateral, policy, now);
    }
};

TEST_F(SimulatedTrust, IsGivenToANodeForItsKeysWhateverTheVersionOfDstack)
{
    for (auto const* version : { "0.5.0", "0.5.5", "0.5.8" }) {
        boot_node(version);
        auto const report = judge(evidence_for_keys(), policy());
        EXPECT_EQ(test::failed_checks(report), "") << version;
        EXPECT_EQ(report.verdict, Verdict::Trusted) << version;
    }
}

TEST_F(SimulatedTrust, IsGivenToALaunchForItsReceipt)
{
    boot_node();
    auto evidence = evidence_with(attestation::report_data_of_receipt("{}"));
    evidence.receipt = "{}";
    EXPECT_EQ(test::failed_checks(judge(evidence, policy())), "");
}

TEST_F(SimulatedTrust, AgreesWithWhatInfoClaims)
{
    boot_node();
    auto evidence = evidence_for_keys();
    auto const info = attestation::DstackInfo::parse(object_in(post("Info")).require_text("tcb_info").value()).value();
    evidence.claimed = info.claimed;
    evidence.event_log = info.event_log;
    EXPECT_EQ(test::failed_checks(judge(evidence, policy())), "");
}

TEST_F(SimulatedTrust, IsNotGivenWithoutTheTokenAndTheRootIsWhy)
{
    boot_node();
    attestation::Policy without_token;
    auto const with_token = policy();
    without_token.image_digests = with_token.image_digests;
    without_token.launcher_compose_hashes = with_token.launcher_compose_hashes;
    without_token.measurements = with_token.measurements;
    auto const report = judge(evidence_for_keys(), without_token);
    EXPECT_EQ(report.verdict, Verdict::NotTrusted);
    ASSERT_NE(report.first_failure(), nullptr);
    EXPECT_EQ(report.first_failure()->id, CheckId::RootPinned);
}

TEST_F(SimulatedTrust, AllowsNoImageByItself)
{
    boot_node();
    EXPECT_EQ(test::failed_checks(judge(evidence_for_keys(), policy_for(*m_agent).value())), "image_digest_allowed");
}

TEST_F(SimulatedTrust, IsNotGivenToALiar)
{
    boot({ .seed = 3, .misbehaviours = { { .fault = Fault::LieLog, .method = "EmitEvent" } } });
    emit(evidence::image_digest_event, to_hex(image()));
    EXPECT_EQ(test::failed_checks(judge(evidence_for_keys(), policy())), "rtmr3_replay");
}

TEST_F(SimulatedTrust, ComesAsFilesForVerifyAndPredict)
{
    boot();
    auto const files = trust_files(*m_agent, now).value();
    ASSERT_EQ(files.size(), 5U);
    EXPECT_EQ(files[0].name, "root.pem");
    EXPECT_EQ(crypto::parse_chain(files[0].content, 1).value().front().der(), m_agent->machine().root());
    EXPECT_EQ(files[1].name, "collateral.json");
    EXPECT_TRUE(attestation::Collateral::parse(files[1].content).ok());
    EXPECT_EQ(files[2].name, "policy.toml");
    EXPECT_NE(files[2].content.find("image_digests = []\n"), std::string::npos);
    EXPECT_NE(files[2].content.find("simulated_root = \"root.pem\"\n"), std::string::npos);
    EXPECT_EQ(files[3].name, "app_compose.json");
    EXPECT_EQ(files[3].content, m_agent->identity().app_compose);
    EXPECT_EQ(files[4].name, "key_provider.json");
    EXPECT_EQ(to_hex(as_bytes(files[4].content)), payload_of("key-provider"));
}

TEST_F(SimulatedTrust, AllowsNoLauncherWhereTheAppComposeHasNone)
{
    boot({ .app_compose = R"({"name":"x"})" });
    EXPECT_TRUE(policy_for(*m_agent).value().launcher_compose_hashes.empty());
}

}  // namespace
}  // namespace mpc::simulator
