// The whole table of defects: each is refused, for the reason that it names, whatever the quote's shape; judged from
// the files that are written, as a verifier gets them.
#include "simulator/defects.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "attestation/public_data.h"
#include "simulator/evidence_files.h"
#include "support/verification.h"

namespace mpc::simulator {
namespace {

using attestation::CheckId;
using attestation::Verdict;

constexpr crypto::Time now(std::chrono::seconds(1786622400));

AttestedNode node(QuoteShape shape = QuoteShape::V4)
{
    auto node = AttestedNode::create(Seed(7), now).value();
    node.quote.shape = shape;
    return node;
}

/// The file's content; nullptr when it was not written.
std::string const* find(std::vector<EvidenceFile> const& files, std::string_view name)
{
    auto const found = std::ranges::find(files, name, &EvidenceFile::name);
    return found == files.end() ? nullptr : &found->content;
}

/// What a verifier makes of the files; an error begins with the name of the file that cannot be read.
Result<attestation::Report> judge(Case const& made)
{
    auto const files = evidence_files(made.exhibit);
    auto quote = TRY(attestation::SignedQuote::parse(as_bytes(*find(files, "quote.bin"))).in("quote.bin"));
    auto const collateral = TRY(attestation::Collateral::parse(*find(files, "collateral.json")).in("collateral.json"));
    auto const info = TRY(attestation::DstackInfo::parse(*find(files, "tcb_info.json")).in("tcb_info.json"));
    attestation::Evidence evidence { .quote = std::move(quote),
        .event_log = info.event_log,
        .app_compose = *find(files, "app_compose.json"),
        .claimed = info.claimed };
    if (auto const* keys = find(files, "node_keys.json"))
        evidence.node_keys = TRY(attestation::parse_node_keys(*keys).in("node_keys.json"));
    if (auto const* receipt = find(files, "receipt.json"))
        evidence.receipt = *receipt;
    return attestation::verify(evidence, collateral, made.policy, now);
}

/// The same from the node's public data alone.
Result<attestation::Report> judge_public_data(Case const& made)
{
    auto data = TRY(attestation::PublicData::parse(public_data_file(made.exhibit)->content));
    attestation::Evidence const evidence { .quote = std::move(data.quote),
        .event_log = data.info.event_log,
        .app_compose = data.info.app_compose,
        .claimed = data.info.claimed,
        .node_keys = data.keys };
    return attestation::verify(evidence, data.collateral, made.policy, now);
}

/// "check NAME" or "file NAME": why it is refused, first of all.
std::string reason(Result<attestation::Report> const& report)
{
    if (!report.ok())
        return "file " + report.error().message().substr(0, report.error().message().find(':'));
    if (report.value().verdict == Verdict::Trusted)
        return "trusted";
    auto const* failure = report.value().first_failure();
    return failure ? "check " + std::string(name_of(failure->id)) : "nothing that failed";
}

std::string expected_reason(Defect const& defect)
{
    return defect.check ? "check " + std::string(name_of(*defect.check)) : "file " + std::string(defect.file);
}

class Defects : public testing::TestWithParam<QuoteShape> {};

INSTANTIATE_TEST_SUITE_P(OfEveryShape, Defects, testing::Values(QuoteShape::V4, QuoteShape::V5Td10, QuoteShape::V5Td15),
    [](auto const& shape) {
        return shape.param == QuoteShape::V4 ? "V4" : shape.param == QuoteShape::V5Td10 ? "V5Td10" : "V5Td15";
    });

TEST_P(Defects, AreAllThatIsWrong)
{
    auto const sound = make_case(node(GetParam()), std::nullopt);
    EXPECT_EQ(reason(judge(sound.value())), "trusted");
    EXPECT_EQ(reason(judge_public_data(sound.value())), "trusted");
}

TEST_P(Defects, AreRefusedForTheReasonThatTheyName)
{
    for (auto const& defect : all_defects()) {
        auto const made = make_case(node(GetParam()), defect);
        ASSERT_TRUE(made.ok()) << defect.name << ": " << made.error().message();
        EXPECT_EQ(reason(judge(made.value())), expected_reason(defect)) << defect.name;
    }
}

/// Other checks may fail as a consequence, but those are few and known.
TEST(DefectTable, MakesOnlyOneThingWrong)
{
    std::set<std::string> const with_consequences { "tcb-signer-is-the-pck", "qe-signer-is-the-pck", "status-revoked",
        "tdx-module-revoked", "qe-revoked", "event-payload", "app-compose-changed" };
    std::set<std::string> found;
    for (auto const& defect : all_defects()) {
        auto const report = judge(make_case(node(), defect).value());
        if (report.ok() && test::failed_checks(report.value()) != name_of(*defect.check))
            found.insert(std::string(defect.name));
    }
    EXPECT_EQ(found, with_consequences);
}

TEST(DefectTable, IsRefusedAsPublicDataToo)
{
    for (auto const* name : { "root-crl-expired", "pck-expired", "quote-changed", "rtmr3-event-added",
             "node-keys-other", "quote-slack", "collateral-crl-cut", "event-register" }) {
        auto const defect = defect_named(name).value();
        auto const report = judge_public_data(make_case(node(), defect).value());
        EXPECT_EQ(report.ok() ? reason(report) : "file", defect.check ? expected_reason(defect) : "file") << name;
    }
}

TEST(DefectTable, HasADefectForEveryCheckThatEvidenceOrCollateralCanFail)
{
    std::set<CheckId> checks;
    for (auto const& defect : all_defects()) {
        if (defect.check)
            checks.insert(*defect.check);
    }
    // What is asked for, rather than what is shown: a verifier's nonce, a prediction.
    std::set<CheckId> const asked { CheckId::NonceBound, CheckId::Rtmr3Predicted };
    for (std::size_t id = 0; id < attestation::check_count; ++id) {
        auto const check = static_cast<CheckId>(id);
        EXPECT_NE(checks.contains(check), asked.contains(check)) << name_of(check);
    }
}

TEST(DefectTable, HasUniqueNamesAndSaysForEachWhatIsWrong)
{
    std::set<std::string_view> names;
    for (auto const& defect : all_defects()) {
        EXPECT_TRUE(names.insert(defect.name).second) << defect.name;
        EXPECT_FALSE(defect.what.empty()) << defect.name;
        EXPECT_NE(defect.check.has_value(), !defect.file.empty()) << defect.name;
    }
    EXPECT_GT(names.size(), 100U);
}

TEST(DefectTable, IsInTheOrderOfAReport)
{
    auto const all = all_defects();
    EXPECT_TRUE(std::ranges::is_sorted(all, {}, [](Defect const& defect) {
        return defect.check ? static_cast<std::size_t>(*defect.check) : attestation::check_count;
    }));
}

TEST(DefectTable, FindsADefectByItsNameOnly)
{
    EXPECT_EQ(defect_named("root-expired").value().check, CheckId::RootValidity);
    for (auto const* name : { "", "root", "root-expired " })
        EXPECT_EQ(defect_named(name).error().kind(), ErrorKind::Invalid) << name;
}

}  // namespace
}  // namespace mpc::simulator
