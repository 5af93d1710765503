#include "attestation/tcb_info.h"

#include <gtest/gtest.h>

#include "support/test_node.h"

namespace mpc::attestation {
namespace {

using test::json_of;
using test::QeIdentitySpec;
using test::TcbInfoSpec;

/// The text with one part of it replaced, which must be there.
std::string replaced(std::string text, std::string const& part, std::string const& other)
{
    auto const at = text.find(part);
    EXPECT_NE(at, std::string::npos) << part;
    return text.replace(at, part.size(), other);
}

bool accepts_info(std::string const& part, std::string const& other)
{
    return parse_tcb_info(replaced(json_of(TcbInfoSpec()), part, other)).ok();
}

bool accepts_identity(std::string const& part, std::string const& other)
{
    return parse_qe_identity(replaced(json_of(QeIdentitySpec()), part, other)).ok();
}

TEST(TcbInfo, ReadsEveryMember)
{
    TcbInfoSpec spec;
    spec.levels[0].advisories = { "INTEL-SA-00001" };
    auto const info = parse_tcb_info(json_of(spec)).value();
    EXPECT_EQ(info.id, "TDX");
    EXPECT_EQ(info.issue.evaluation_number, 20U);
    EXPECT_EQ(crypto::to_text(info.issue.next_update), "2026-08-31T00:00:00Z");
    EXPECT_EQ(to_hex(info.fmspc), "b0c06f000000");
    ASSERT_EQ(info.modules.size(), 1U);
    EXPECT_EQ(info.modules[0].id, "TDX_01");
    EXPECT_EQ(info.modules[0].levels[0].isvsvn, 5);
    ASSERT_EQ(info.levels.size(), 1U);
    EXPECT_EQ(info.levels[0].pcesvn, 11);
    EXPECT_EQ(info.levels[0].tdx[2], 4);
    EXPECT_EQ(info.levels[0].standing.status, TcbStatus::UpToDate);
    EXPECT_EQ(info.levels[0].standing.advisories, std::vector<std::string> { "INTEL-SA-00001" });
}

TEST(TcbInfo, IgnoresMembersThatIntelMayAdd)
{
    EXPECT_TRUE(accepts_info("\"id\":\"TDX\"", "\"new\":{\"a\":[1]},\"id\":\"TDX\""));
}

TEST(TcbInfo, RefusesNumbersOutOfRangeAndOtherThanWholeOnes)
{
    for (auto const* svn : { "256", "-1", "1.0", "1e2", "\"4\"", "true", "null" })
        EXPECT_FALSE(accepts_info("{\"svn\":4}", std::string("{\"svn\":") + svn + "}")) << svn;
    EXPECT_TRUE(accepts_info("{\"svn\":4}", "{\"svn\":255}"));
    EXPECT_FALSE(accepts_info("\"pcesvn\":11", "\"pcesvn\":65536"));
    EXPECT_FALSE(accepts_info("\"isvsvn\":5", "\"isvsvn\":65536"));
    EXPECT_FALSE(accepts_info("\"tcbEvaluationDataNumber\":20", "\"tcbEvaluationDataNumber\":4294967296"));
}

TEST(TcbInfo, RefusesAnyNumberOfComponentsBut16)
{
    EXPECT_FALSE(accepts_info("\"sgxtcbcomponents\":[{\"svn\":4},", "\"sgxtcbcomponents\":["));
    EXPECT_FALSE(accepts_info("\"sgxtcbcomponents\":[", "\"sgxtcbcomponents\":[{\"svn\":4},"));
    EXPECT_FALSE(accepts_info("\"tdxtcbcomponents\":[{\"svn\":5},", "\"tdxtcbcomponents\":["));
}

TEST(TcbInfo, RefusesALevelOrAModuleTwice)
{
    TcbInfoSpec spec;
    spec.levels.push_back(spec.levels[0]);
    spec.levels[1].status = "OutOfDate";
    EXPECT_FALSE(parse_tcb_info(json_of(spec)).ok());
    spec = TcbInfoSpec();
    spec.modules.push_back(spec.modules[0]);
    EXPECT_FALSE(parse_tcb_info(json_of(spec)).ok());
    spec = TcbInfoSpec();
    spec.modules[0].levels.push_back(spec.modules[0].levels[0]);
    EXPECT_FALSE(parse_tcb_info(json_of(spec)).ok());
}

TEST(TcbInfo, SortsItsLevelsDescending)
{
    TcbInfoSpec spec;
    spec.levels = { test::LevelSpec(), test::LevelSpec(), test::LevelSpec(), test::LevelSpec() };
    spec.levels[1].sgx[0] = 9;
    spec.levels[2].pcesvn = 12;
    spec.levels[3].tdx[0] = 9;
    auto const levels = parse_tcb_info(json_of(spec)).value().levels;
    EXPECT_EQ(levels[0].sgx[0], 9);
    EXPECT_EQ(levels[1].pcesvn, 12);
    EXPECT_EQ(levels[2].tdx[0], 9);
}

TEST(TcbInfo, RefusesStatusesThatIntelDoesNotGiveThere)
{
    TcbInfoSpec spec;
    spec.levels[0].status = "Fine";
    EXPECT_FALSE(parse_tcb_info(json_of(spec)).ok());
    spec = TcbInfoSpec();
    spec.modules[0].levels[0].status = "ConfigurationNeeded";
    EXPECT_FALSE(parse_tcb_info(json_of(spec)).ok());
}

TEST(TcbInfo, RefusesHexOfAnotherLengthAndTimesOfAnotherForm)
{
    EXPECT_FALSE(accepts_info("B0C06F000000", "B0C06F0000"));
    EXPECT_FALSE(accepts_info("B0C06F000000", "B0C06F00000G"));
    EXPECT_FALSE(accepts_info("2026-08-01T00:00:00Z", "2026-08-01T00:00:00+00:00"));
    EXPECT_FALSE(accepts_info("2026-08-01T00:00:00Z", "2026-02-30T00:00:00Z"));
}

TEST(TcbInfo, RefusesAMemberThatIsMissingOrTwice)
{
    for (auto const* name : { "issueDate", "nextUpdate", "fmspc", "pceId", "tcbType", "tcbEvaluationDataNumber",
             "tcbLevels", "tdxModule", "version" })
        EXPECT_FALSE(accepts_info("\"" + std::string(name) + "\"", "\"x\"")) << name;
    EXPECT_FALSE(accepts_info("\"pceId\":\"0000\"", "\"pceId\":\"0000\",\"pceId\":\"0000\""));
}

TEST(TcbInfo, RefusesNestingAndSizeBeyondItsLimits)
{
    EXPECT_FALSE(accepts_info("\"id\"", "\"deep\":" + std::string(40, '[') + std::string(40, ']') + ",\"id\""));
    EXPECT_FALSE(accepts_info("\"id\"", "\"long\":\"" + std::string(1 << 20, 'x') + "\",\"id\""));
}

TEST(QeIdentity, ReadsEveryMember)
{
    auto const identity = parse_qe_identity(json_of(QeIdentitySpec())).value();
    EXPECT_EQ(identity.id, "TD_QE");
    EXPECT_EQ(identity.version, 2U);
    EXPECT_EQ(identity.product_id, 2);
    EXPECT_EQ(to_hex(identity.attributes), "11000000000000000000000000000000");
    EXPECT_EQ(identity.levels[0].isvsvn, 4);
}

TEST(QeIdentity, RefusesWhatIsMissingOrOutOfRange)
{
    for (auto const* name : { "issueDate", "nextUpdate", "miscselect", "miscselectMask", "attributes", "attributesMask",
             "mrsigner", "isvprodid", "tcbLevels" })
        EXPECT_FALSE(accepts_identity("\"" + std::string(name) + "\"", "\"x\"")) << name;
    EXPECT_FALSE(accepts_identity("\"isvprodid\":2", "\"isvprodid\":65536"));
    EXPECT_FALSE(accepts_identity("\"miscselect\":\"00000000\"", "\"miscselect\":\"0000\""));
}

}  // namespace
}  // namespace mpc::attestation
