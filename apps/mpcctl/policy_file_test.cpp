#include "mpcctl/policy_file.h"

#include <gtest/gtest.h>

#include "simulator/attested_node.h"
#include "support/temporary_directory.h"

namespace mpc::ctl {
namespace {

using attestation::Loosening;
using attestation::TcbStatus;

std::string const hex64(64, 'a');
std::string const hex96(96, 'b');

std::string measurement_set(std::string const& extra = "")
{
    std::string text = "[[measurements]]\nname = \"x\"\n";
    for (auto const* name : { "mrtd", "rtmr0", "rtmr1", "rtmr2", "key_provider_digest" })
        text += name + (" = \"" + hex96 + "\"\n");
    return text + extra;
}

std::string refusal(std::string_view toml)
{
    auto const file = PolicyFile::parse(toml);
    return file.ok() ? "" : file.error().message();
}

TEST(PolicyFile, OfNothingAllowsNothing)
{
    auto const policy = PolicyFile::parse("")->policy;
    EXPECT_TRUE(policy.image_digests.empty());
    EXPECT_TRUE(policy.launcher_compose_hashes.empty());
    EXPECT_TRUE(policy.measurements.empty());
    EXPECT_EQ(policy.tcb_statuses, std::vector { TcbStatus::UpToDate });
    EXPECT_FALSE(policy.advisories || policy.maximum_collateral_age || policy.minimum_tcb_evaluation_number);
    EXPECT_TRUE(policy.loosenings().empty());
}

TEST(PolicyFile, SaysEverythingThatAPolicyHas)
{
    auto const file =
        PolicyFile::parse("image_digests = [\"sha256:" + hex64 + "\"]\nlauncher_compose_hashes = [\"" + hex64
            + "\"]\ntcb_statuses = [\"UpToDate\", \"SWHardeningNeeded\"]\nadvisories = [\"INTEL-SA-00837\"]\n"
              "maximum_collateral_age_days = 31\nminimum_tcb_evaluation_number = 18\n"
            + measurement_set("[loosen]\nsimulated_root = \"root.pem\"\ndebug_td = true\nmigratable_td = true\n"
                              "bound_service_td = true\n"))
            .value();
    auto const& policy = file.policy;
    EXPECT_EQ(policy.image_digests.at(0).hex(), hex64);
    EXPECT_EQ(to_hex(policy.launcher_compose_hashes.at(0)), hex64);
    EXPECT_EQ(policy.tcb_statuses, (std::vector { TcbStatus::UpToDate, TcbStatus::SWHardeningNeeded }));
    EXPECT_EQ(policy.advisories, std::vector<std::string> { "INTEL-SA-00837" });
    EXPECT_EQ(policy.maximum_collateral_age, std::chrono::days(31));
    EXPECT_EQ(policy.minimum_tcb_evaluation_number, 18U);
    EXPECT_EQ(to_hex(policy.measurements.at(0).rtmr2), hex96);
    EXPECT_EQ(file.simulated_root, "root.pem");
    for (auto const loosening : { Loosening::DebugTd, Loosening::MigratableTd, Loosening::BoundServiceTd })
        EXPECT_TRUE(policy.allows(loosening));
    EXPECT_FALSE(policy.allows(Loosening::SimulatedRoot)) << "not before the root is read";
}

TEST(PolicyFile, RefusesUnknownKeysAtEveryLevel)
{
    EXPECT_NE(refusal("image_digest = []"), "");
    EXPECT_NE(refusal(measurement_set("rtmr3 = \"\"\n")), "");
    EXPECT_NE(refusal("[loosen]\nall = true"), "");
}

TEST(PolicyFile, NamesTheEntryThatIsWrong)
{
    EXPECT_TRUE(refusal("image_digests = [\"sha256:" + hex64 + "\", \"latest\"]")
            .starts_with("policy: image_digests, entry 2: "));
    EXPECT_EQ(refusal("image_digests = [1]"), "policy: image_digests, entry 1: must be text in quotes");
    EXPECT_TRUE(
        refusal("launcher_compose_hashes = [\"ab\"]").starts_with("policy: launcher_compose_hashes, entry 1: "));
    EXPECT_TRUE(refusal("tcb_statuses = [\"uptodate\"]").starts_with("policy: tcb_statuses, entry 1: "));
    EXPECT_TRUE(refusal("[[measurements]]\nname = \"x\"").starts_with("policy: measurements, entry 1: "));
    EXPECT_EQ(refusal("measurements = [1]"), "policy: measurements, entry 1: must be a table");
}

TEST(PolicyFile, RefusesValuesThatWouldMeanNothing)
{
    EXPECT_NE(refusal("tcb_statuses = []"), "");
    EXPECT_NE(refusal("maximum_collateral_age_days = 0"), "");
    EXPECT_NE(refusal("maximum_collateral_age_days = 3651"), "");
    EXPECT_NE(refusal("minimum_tcb_evaluation_number = -1"), "");
    EXPECT_NE(refusal("minimum_tcb_evaluation_number = \"18\""), "");
    EXPECT_NE(refusal("advisories = [\"\"]"), "");
    EXPECT_NE(refusal("[loosen]\ndebug_td = 1"), "");
    EXPECT_NE(refusal("loosen = true"), "");
}

TEST(PolicyFile, AnEmptyListOfAdvisoriesAllowsNone)
{
    EXPECT_EQ(PolicyFile::parse("advisories = []")->policy.advisories, std::vector<std::string>());
}

TEST(PolicyFile, TrustsTheSimulatedRootBesideIt)
{
    test::TemporaryDirectory const directory;
    auto const node =
        simulator::AttestedNode::create(simulator::Seed(1), crypto::Time(std::chrono::days(20000))).value();
    auto const built = node.build().value();
    auto const& root = built.collateral.pck_crl_chain.back();
    directory.write("root.der", as_text(root.der()));
    auto const file = directory.write("policy.toml", "[loosen]\nsimulated_root = \"root.der\"\n");
    auto const policy = read_policy(file).value();
    EXPECT_TRUE(policy.allows(Loosening::SimulatedRoot));
    EXPECT_TRUE(policy.root().is(root));

    directory.write("root.der", "nothing");
    EXPECT_FALSE(read_policy(file).ok());
}

}  // namespace
}  // namespace mpc::ctl
