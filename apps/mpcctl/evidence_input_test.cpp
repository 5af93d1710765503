#include "mpcctl/evidence_input.h"

#include <gtest/gtest.h>

#include "mpcctl/predict.h"
#include "simulator/attested_node.h"
#include "support/temporary_directory.h"

namespace mpc::ctl {
namespace {

Bytes const quote { 4, 0, 2, 0, 0x81, 0 };

TEST(Quote, IsReadInEveryFormThatIsInUse)
{
    EXPECT_EQ(*decode_quote(as_text(quote)), quote);
    EXPECT_EQ(*decode_quote("040002008100"), quote);
    EXPECT_EQ(*decode_quote(" 040002008100\n"), quote);
    EXPECT_EQ(*decode_quote("[4,0,2,0,129,0]\n"), quote);
    EXPECT_EQ(*decode_quote(R"({"quote":"040002008100","event_log":"[]"})"), quote);
    EXPECT_EQ(*decode_quote(R"({"quote":[4,0,2,0,129,0]})"), quote);
}

TEST(Quote, IsRefusedInAnyOtherForm)
{
    for (std::string const text :
        { "", " \n", "zz", "04000", "[4,0,256]", "[4,\"0\"]", "{}", R"({"quote":1})", "[4,0" })
        EXPECT_FALSE(decode_quote(text).ok()) << text;
    EXPECT_FALSE(decode_quote(std::string((1 << 20) + 2, '0')).ok());
}

TEST(Evidence, MustBeNamed)
{
    auto const gathered = gather_evidence({}, Interrupt::never());
    ASSERT_FALSE(gathered.ok());
    EXPECT_EQ(code_of(gathered.error()), ExitCode::Usage);
}

TEST(Evidence, OfAFileThatIsNotThereIsABadInput)
{
    auto const gathered = gather_evidence({ .quote = "/nowhere/quote.bin" }, Interrupt::never());
    ASSERT_FALSE(gathered.ok());
    EXPECT_EQ(code_of(gathered.error()), ExitCode::Input);
}

TEST(Evidence, OfANodeThatIsNotThereIsTheOtherSides)
{
    auto const url = gather_evidence({ .public_data = "http://127.0.0.1:1/public_data" }, Interrupt::never());
    ASSERT_FALSE(url.ok());
    EXPECT_EQ(code_of(url.error()), ExitCode::OtherSide);
    auto const socket = gather_evidence({ .agent = "/nowhere/dstack.sock" }, Interrupt::never());
    ASSERT_FALSE(socket.ok());
    EXPECT_EQ(code_of(socket.error()), ExitCode::OtherSide);
}

TEST(Evidence, IsOfThePlatformWhereThereIsAQuoteAlone)
{
    test::TemporaryDirectory const directory;
    auto const node =
        simulator::AttestedNode::create(simulator::Seed(1), crypto::Time(std::chrono::days(20000))).value();
    EvidenceOptions options { .quote = directory.write("quote.bin", as_text(node.quote_bytes().value())) };
    EXPECT_EQ(gather_evidence(options, Interrupt::never())->scope, attestation::Scope::Platform);

    options.app_compose = directory.write("app-compose.json", node.app_compose);
    auto const gathered = gather_evidence(options, Interrupt::never()).value();
    EXPECT_EQ(gathered.scope, attestation::Scope::Node);
    EXPECT_EQ(gathered.evidence.app_compose, node.app_compose);
}

TEST(Prediction, IsReadAsItIsPrinted)
{
    auto const prediction = attestation::predict({ .app_compose = simulator::default_app_compose(),
                                                     .dstack_version = "0.5.8",
                                                     .key_provider = R"({"name":"local-sgx","id":"ab"})",
                                                     .instance_id = {},
                                                     .image_digest = image::ImageDigest({ 1 }) })
                                .value();
    auto const events = parse_prediction(as_json(prediction)).value();
    EXPECT_EQ(evidence::replay_rtmr3(events).value(), prediction.rtmr3);
    EXPECT_FALSE(parse_prediction("[]").ok());
}

}  // namespace
}  // namespace mpc::ctl
