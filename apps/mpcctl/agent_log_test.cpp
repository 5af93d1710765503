#include "mpcctl/agent_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mpc::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A quote with one boot event and one runtime event, whose RTMR3 is that of the log.
dstack::Quote quote_of(std::string name, Bytes payload)
{
    dstack::Quote quote;
    quote.log = { { .imr = 0, .type = 4, .digest = Sha384 { 0xab }, .name = "", .payload = {} },
        { .imr = 3,
            .type = evidence::runtime_event_type,
            .digest = std::nullopt,
            .name = std::move(name),
            .payload = std::move(payload) } };
    quote.view.rtmrs[3] = evidence::replay_rtmr3(quote.log).value();
    return quote;
}

TEST(LogReport, IsEqualWhenTheLogExplainsTheRegister)
{
    auto const report = report_on(quote_of("e", { 1 }));
    EXPECT_TRUE(report.equal());
    EXPECT_THAT(as_table(report), HasSubstr("\nequal: "));
    EXPECT_THAT(as_json(report), HasSubstr(R"("equal":true)"));
}

TEST(LogReport, IsNotEqualWhenTheRegisterIsAnother)
{
    auto quote = quote_of("e", { 1 });
    quote.view.rtmrs[3] = evidence::Rtmr();
    auto const report = report_on(quote);
    EXPECT_FALSE(report.equal());
    EXPECT_THAT(as_table(report), HasSubstr("\nNOT EQUAL: "));
    EXPECT_THAT(as_json(report), HasSubstr(R"("equal":false)"));
}

TEST(LogReport, NamesTheEventWhoseDigestIsWrong)
{
    auto quote = quote_of("e", { 1 });
    quote.log[1].digest = Sha384 {};
    auto const report = report_on(quote);
    EXPECT_FALSE(report.equal());
    EXPECT_THAT(as_table(report), HasSubstr("event 1 (\"e\"): the logged digest"));
    EXPECT_THAT(as_json(report), HasSubstr(R"("replayed":null)"));
    EXPECT_THAT(as_json(report), HasSubstr(R"("problem":"event 1)"));
}

TEST(LogReport, ShowsPayloadsAsTextWhereTheyAreText)
{
    EXPECT_THAT(as_table(report_on(quote_of("storage-fs", { 'z', 'f', 's' }))),
        HasSubstr("3     storage-fs       zfs\n"));
    EXPECT_THAT(as_table(report_on(quote_of("e", { 'z', 0x1b }))), HasSubstr("3     e                7a1b\n"));
}

TEST(LogReport, ShowsBootEventsByTypeAndDigest)
{
    EXPECT_THAT(as_table(report_on(quote_of("e", {}))), HasSubstr("0     type 0x00000004  digest ab00"));
}

TEST(LogReport, LetsNoControlCharacterReachTheTerminal)
{
    auto const report = report_on(quote_of("\x1b[31mred", {}));
    EXPECT_THAT(as_table(report), Not(HasSubstr("\x1b")));
    EXPECT_THAT(as_json(report), Not(HasSubstr("\x1b")));
}

TEST(LogReport, CutsLongPayloadsInTheTableOnly)
{
    auto const report = report_on(quote_of("e", Bytes(1000, 0xff)));
    EXPECT_THAT(as_table(report), HasSubstr("...\n"));
    EXPECT_THAT(as_json(report), HasSubstr(std::string(2000, 'f')));
}

TEST(LogReport, ComputesDigestsThatTheAgentStrips)
{
    EXPECT_THAT(as_json(report_on(quote_of("e", { 1 }))),
        HasSubstr(to_hex(evidence::runtime_event_digest("e", Bytes { 1 }))));
}

}  // namespace
}  // namespace mpc::ctl
