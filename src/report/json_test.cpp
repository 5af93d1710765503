#include <gmock/gmock.h>

#include "report/document_fixture.h"
#include "support/json_edit.h"
#include "json/json.h"

namespace mpc::report {
namespace {

using attestation::CheckId;
using test::at;
using test::text_at;

json::Object object_of(Document const& document)
{
    auto const text = as_json(document);
    EXPECT_EQ(text.back(), '\n');
    return json::read_object(text).value();
}

json::Array list_at(json::Object const& object, std::string_view path)
{
    auto const value = at(object, path);
    return value.array() ? *value.array() : json::Array();
}

json::Object check_of(json::Object const& object, std::string_view name)
{
    for (auto const& check : list_at(object, "checks")) {
        if (text_at(*check.object(), "name") == name)
            return *check.object();
    }
    return {};
}

TEST(ReportJson, SaysThatATrustedNodeIsTrusted)
{
    auto const object = object_of(trusted_document());
    EXPECT_EQ(text_at(object, "verdict"), "trusted");
    EXPECT_EQ(text_at(object, "scope"), "node");
    EXPECT_TRUE(at(object, "first_failure").is_null());
    EXPECT_EQ(text_at(object, "tcb_status"), "UpToDate");
    EXPECT_EQ(text_at(object, "judged_at"), "2026-08-15T00:00:00Z");
    EXPECT_EQ(text_at(object, "valid_from"), "2026-08-01T00:00:00Z");
    EXPECT_EQ(*at(object, "signature_checks").number(), 9U);
    EXPECT_EQ(test::texts_at(object, "loosenings"), std::vector<std::string> { "simulated_root" });
}

TEST(ReportJson, NamesTheFirstFailureWithFoundAndExpected)
{
    auto const object = object_of(untrusted_document());
    EXPECT_EQ(text_at(object, "verdict"), "not_trusted");
    EXPECT_EQ(text_at(object, "first_failure"), "image_digest_allowed");
    auto const check = check_of(object, "image_digest_allowed");
    EXPECT_EQ(text_at(check, "result"), "fail");
    EXPECT_EQ(text_at(check, "group"), "node");
    EXPECT_EQ(text_at(check, "found").substr(0, 7), "sha256:");
    EXPECT_EQ(text_at(check, "expected"), "sha256:ee" + std::string(62, '0'));
}

TEST(ReportJson, HasEveryCheckInOrder)
{
    auto const object = object_of(trusted_document());
    auto const checks = list_at(object, "checks");
    ASSERT_EQ(checks.size(), attestation::check_count);
    for (std::size_t i = 0; i < checks.size(); ++i) {
        auto const& check = *checks[i].object();
        EXPECT_EQ(text_at(check, "name"), name_of(static_cast<CheckId>(i)));
        EXPECT_EQ(text_at(check, "clause"), clause_of(static_cast<CheckId>(i)));
    }
}

TEST(ReportJson, ExpectsNothingOfWhatWasNotJudged)
{
    auto const check = check_of(object_of(trusted_document()), "receipt_bound");
    EXPECT_EQ(text_at(check, "result"), "not_applicable");
    EXPECT_EQ(text_at(check, "found"), "no launch receipt was given");
    EXPECT_TRUE(at(check, "expected").is_null());
}

TEST(ReportJson, HasTheQuotesBytes)
{
    auto const node = test::TestNode().build();
    auto const object = object_of(document_of(node));
    auto const& td = node.evidence.quote.td;
    EXPECT_EQ(text_at(object, "measurements.mrtd"), to_hex(td.mrtd));
    EXPECT_EQ(text_at(object, "measurements.rtmr3"), td.rtmrs[3].hex());
    EXPECT_EQ(text_at(object, "measurements.report_data"), to_hex(td.report_data));
    EXPECT_EQ(text_at(object, "measurements.td_attributes"), "0000001000000000");
}

TEST(ReportJson, HasWhatOnlyATd15SaysAsNullOtherwise)
{
    EXPECT_TRUE(at(object_of(trusted_document()), "measurements.mr_service_td").is_null());
    test::TestNode node;
    node.quote.shape = test::QuoteShape::V5Td15;
    EXPECT_EQ(text_at(object_of(document_of(node.build())), "measurements.mr_service_td"), std::string(96, '0'));
}

TEST(ReportJson, HasNoMeasurementsOfAQuoteThatIsNotGenuine)
{
    auto node = test::TestNode().build();
    node.evidence.quote.signature.bytes[40] ^= 1;
    auto const object = object_of(document_of(node));
    EXPECT_TRUE(at(object, "measurements").is_null());
    EXPECT_TRUE(at(object, "tcb_status").is_null());
    EXPECT_TRUE(at(object, "tcb").is_null());
}

TEST(ReportJson, HasTheRuntimeEventsWithRecomputedDigests)
{
    auto node = test::TestNode().build();
    auto const& genuine = node.evidence.event_log->back();
    auto const digest = to_hex(evidence::runtime_event_digest(genuine.name, genuine.payload));
    node.evidence.event_log->back().digest = Sha384 {};
    auto const object = object_of(document_of(node));
    auto const events = list_at(object, "events");
    auto const& event = *events.back().object();
    EXPECT_EQ(text_at(event, "name"), "mpc-image-digest");
    EXPECT_EQ(text_at(event, "digest"), digest);
    EXPECT_EQ(text_at(event, "payload"), to_hex(genuine.payload));
}

TEST(ReportJson, HasNoEventsWithoutALog) { EXPECT_TRUE(at(object_of(platform_document()), "events").is_null()); }

TEST(ReportJson, StaysJsonWhateverTheTextsAre)
{
    auto document = trusted_document();
    document.evidence_source = "\xff\xc3\x28 \"\x01";
    EXPECT_EQ(text_at(object_of(document), "evidence_source"), "\xef\xbf\xbd\xef\xbf\xbd( \"\x01");
}

TEST(ReportJson, IsTheSameEachTime)
{
    auto const document = trusted_document();
    EXPECT_EQ(as_json(document), as_json(document));
}

TEST(ReportJson, HasWindowsAndForecast)
{
    auto const object = object_of(trusted_document());
    auto const windows = list_at(object, "windows");
    auto const& window = *windows.front().object();
    EXPECT_EQ(text_at(window, "what"), "root certificate");
    EXPECT_EQ(text_at(window, "kind"), "certificate");
    auto const forecast = list_at(object, "forecast");
    auto const& prospect = *forecast.front().object();
    EXPECT_EQ(text_at(prospect, "cause"), "collateral");
    EXPECT_EQ(text_at(prospect, "when"), text_at(object, "valid_until"));
}

}  // namespace
}  // namespace mpc::report
