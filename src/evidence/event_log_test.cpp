#include "evidence/event_log.h"

#include <gtest/gtest.h>

#include "evidence/quote.h"
#include "support/reference_vectors.h"

namespace mpc::evidence {
namespace {

json::Object event_json(json::Value imr = 3, json::Value type = runtime_event_type, std::string digest = "")
{
    return { { "imr", std::move(imr) }, { "event_type", std::move(type) }, { "digest", std::move(digest) },
        { "event", "app-id" }, { "event_payload", "00ff" } };
}

/// An event's JSON with one member replaced, or removed when there is no value.
json::Object altered(std::string_view member, std::optional<json::Value> value)
{
    json::Object altered;
    for (auto const& [name, original] : event_json()) {
        if (name != member)
            altered.add(name, original);
    }
    if (value)
        altered.add(std::string(member), std::move(*value));
    return altered;
}

std::string refusal_of(json::Value event)
{
    auto const log = parse_event_log(json::Array { event_json(), std::move(event) });
    if (log.ok())
        return "accepted";
    EXPECT_EQ(log.error().kind(), ErrorKind::Invalid);
    return log.error().message();
}

Event runtime_event(std::string name, Bytes payload = {})
{
    return { .imr = 3,
        .type = runtime_event_type,
        .digest = std::nullopt,
        .name = std::move(name),
        .payload = std::move(payload) };
}

TEST(EventLog, ReadsEveryFieldOfAnEvent)
{
    auto const log = parse_event_log(json::Array { event_json(1, 4, std::string(96, 'a')) });
    ASSERT_TRUE(log.ok()) << log.error().message();
    auto const& event = log->front();
    EXPECT_EQ(event.imr, 1U);
    EXPECT_EQ(event.type, 4U);
    EXPECT_EQ(to_hex(event.digest.value()), std::string(96, 'a'));
    EXPECT_EQ(event.name, "app-id");
    EXPECT_EQ(event.payload, (Bytes { 0x00, 0xff }));
}

TEST(EventLog, ReadsTheTextFormAsTheListForm)
{
    auto const text = json::write(json::Array { event_json(), event_json() });
    ASSERT_TRUE(parse_event_log(text).ok());
    EXPECT_EQ(parse_event_log(text)->size(), 2U);
    EXPECT_TRUE(parse_event_log("[]")->empty());
}

TEST(EventLog, TakesAnEmptyDigestForAStrippedOne)
{
    EXPECT_FALSE(parse_event_log(json::Array { event_json() })->front().digest.has_value());
}

TEST(EventLog, RefusesATextThatIsNotAListOfObjects)
{
    EXPECT_EQ(parse_event_log("{}").error().kind(), ErrorKind::Invalid);
    EXPECT_EQ(parse_event_log("[").error().kind(), ErrorKind::Invalid);
    EXPECT_EQ(refusal_of(7), "event log: event 1: it is not an object");
}

TEST(EventLog, RefusesAnEventWithoutOneOfItsMembers)
{
    for (auto const* member : { "imr", "event_type", "digest", "event", "event_payload" })
        EXPECT_EQ(refusal_of(altered(member, std::nullopt)),
            "event log: event 1: \"" + std::string(member) + "\" is missing");
}

TEST(EventLog, RefusesARegisterThatDoesNotExist)
{
    EXPECT_EQ(refusal_of(altered("imr", 4)), "event log: event 1: there is no register 4: \"imr\" is 0 to 3");
    EXPECT_NE(refusal_of(altered("imr", -1)), "accepted");
}

TEST(EventLog, RefusesATypeBeyond32Bits)
{
    EXPECT_EQ(refusal_of(altered("event_type", std::uint64_t { 1 } << 32)),
        "event log: event 1: \"event_type\" does not fit into 32 bits");
    // Cut to 32 bits it would be the type of a runtime event.
    EXPECT_NE(refusal_of(altered("event_type", (std::uint64_t { 1 } << 32) + runtime_event_type)), "accepted");
}

TEST(EventLog, RefusesADigestThatIsNotOneOfSha384)
{
    EXPECT_NE(refusal_of(altered("digest", std::string(64, 'a'))), "accepted");
    EXPECT_NE(refusal_of(altered("digest", std::string(96, 'g'))), "accepted");
    EXPECT_NE(refusal_of(altered("digest", json::Value())), "accepted");
}

TEST(EventLog, RefusesAPayloadThatIsNotHex)
{
    EXPECT_NE(refusal_of(altered("event_payload", "0")), "accepted");
    EXPECT_NE(refusal_of(altered("event_payload", "zz")), "accepted");
}

TEST(EventLog, RefusesVersion2EventsByName)
{
    EXPECT_EQ(refusal_of(altered("version", 1)), "accepted");
    EXPECT_EQ(refusal_of(altered("version", 2)),
        "event log: event 1: it is not of version 1, and the network's verifier knows no other");
    EXPECT_NE(refusal_of(altered("version", "1")), "accepted");
}

TEST(EventLog, RefusesEveryCut)
{
    auto const text = json::write(json::Array { event_json(0, 4, std::string(96, 'a')), event_json() });
    for (std::size_t size = 0; size < text.size(); ++size)
        ASSERT_FALSE(parse_event_log(std::string_view(text).substr(0, size)).ok()) << size;
    ASSERT_TRUE(parse_event_log(text).ok());
}

TEST(EventLog, RefusesMoreThan100000Events)
{
    json::Array events(100'001, event_json());
    EXPECT_EQ(parse_event_log(events).error().message(), "event log: more than 100000 events");
    events.pop_back();
    EXPECT_TRUE(parse_event_log(events).ok());
}

TEST(RuntimeEventDigest, IsTheOneThatDstackLogs)
{
    // Of the event "system-ready", the same in every guest.
    EXPECT_EQ(to_hex(runtime_event_digest("system-ready", {})).substr(0, 10), "1a76b2a80a");
}

TEST(ReplayRtmr3, StartsAtZeroAndTakesRuntimeEventsOnly)
{
    EXPECT_EQ(replay_rtmr3({}).value(), Rtmr());
    Event const boot { .imr = 0, .type = 4, .digest = Sha384 {}, .name = "", .payload = {} };
    EXPECT_EQ(replay_rtmr3({ boot }).value(), Rtmr());
    EXPECT_NE(replay_rtmr3({ runtime_event("a") }).value(), Rtmr());
}

TEST(ReplayRtmr3, DependsOnTheOrderAndTheNumberOfEvents)
{
    auto const a = runtime_event("a");
    auto const b = runtime_event("b");
    EXPECT_NE(replay_rtmr3({ a, b }).value(), replay_rtmr3({ b, a }).value());
    EXPECT_NE(replay_rtmr3({ a }).value(), replay_rtmr3({ a, a }).value());
}

TEST(ReplayRtmr3, AcceptsALoggedDigestThatIsRight)
{
    auto event = runtime_event("a", { 1 });
    auto const stripped = replay_rtmr3({ event }).value();
    event.digest = runtime_event_digest("a", event.payload);
    EXPECT_EQ(replay_rtmr3({ event }).value(), stripped);
}

TEST(ReplayRtmr3, RefusesALoggedDigestThatIsNotOfNameAndPayload)
{
    auto event = runtime_event("a", { 1 });
    event.digest = runtime_event_digest("a", Bytes { 2 });
    auto const replayed = replay_rtmr3({ runtime_event("x"), event });
    EXPECT_EQ(replayed.error().kind(), ErrorKind::Mismatch);
    EXPECT_EQ(replayed.error().message(), "event 1 (\"a\"): the logged digest is not that of its name and payload");
}

TEST(ReplayRtmr3, RefusesAnEventOfAnotherType)
{
    auto event = runtime_event("a");
    event.type = 0x08000002;
    auto const replayed = replay_rtmr3({ event });
    EXPECT_EQ(replayed.error().kind(), ErrorKind::Invalid);
    EXPECT_EQ(replayed.error().message(),
        "event 0 (\"a\"): its type is 0x08000002, that of every RTMR3 event is 0x08000001");
}

TEST(ReplayBootRtmr, RefusesAnEventWithoutItsDigest)
{
    Event const event { .imr = 1, .type = 4, .digest = std::nullopt, .name = "", .payload = {} };
    EXPECT_EQ(replay_boot_rtmr({ event }, 1).error().kind(), ErrorKind::Invalid);
    EXPECT_TRUE(replay_boot_rtmr({ event }, 2).ok());
}

TEST(ReplayBootRtmr, RefusesRtmr3WhoseDigestsAreToBeComputed)
{
    EXPECT_EQ(replay_boot_rtmr({}, 3).error().kind(), ErrorKind::Invalid);
}

TEST(PayloadsOf, GivesThoseOfRtmr3InOrder)
{
    auto elsewhere = runtime_event("a", { 9 });
    elsewhere.imr = 2;
    EventLog const log { runtime_event("a", { 1 }), elsewhere, runtime_event("b", { 2 }), runtime_event("a", { 3 }) };
    EXPECT_EQ(payloads_of(log, "a"), (std::vector<Bytes> { { 1 }, { 3 } }));
    EXPECT_TRUE(payloads_of(log, "c").empty());
}

void expect_that_the_log_explains_the_quote(EventLog const& log, ByteView quote)
{
    auto const view = parse_quote(quote);
    ASSERT_TRUE(view.ok()) << view.error().message();
    for (std::uint32_t imr = 0; imr < 3; ++imr)
        EXPECT_EQ(replay_boot_rtmr(log, imr).value().hex(), view->rtmrs[imr].hex());
    EXPECT_EQ(replay_rtmr3(log).value().hex(), view->rtmrs[3].hex());
}

/// A stored answer of GetQuote.
void expect_that_the_answer_is_consistent(std::string const& name)
{
    auto const answer = json::read_object(test::reference_vector(name));
    ASSERT_TRUE(answer.ok());
    auto const log = parse_event_log(answer->require_text("event_log").value());
    ASSERT_TRUE(log.ok()) << log.error().message();
    expect_that_the_log_explains_the_quote(*log, from_hex(answer->require_text("quote").value()).value());
}

TEST(GenuineEvidence, OfAGuestThatLogsFullDigestsReplays)
{
    NEED_REFERENCE_VECTORS();
    expect_that_the_answer_is_consistent("dstack/quote-report.json");
}

TEST(GenuineEvidence, OfAGuestThatStripsRuntimeDigestsReplays)
{
    NEED_REFERENCE_VECTORS();
    expect_that_the_answer_is_consistent("dstack/tdx-lite-getquote.json");
}

TEST(GenuineEvidence, OfAnMpcNodeReplaysAndHoldsItsImageDigestOnce)
{
    NEED_REFERENCE_VECTORS();
    auto const info = json::read_object(test::reference_vector("near-mpc/tcb_info.json"));
    auto const log = parse_event_log(*info->require_array("event_log").value());
    ASSERT_TRUE(log.ok()) << log.error().message();
    expect_that_the_log_explains_the_quote(*log, test::reference_mpc_quote());

    auto const payloads = payloads_of(*log, image_digest_event);
    ASSERT_EQ(payloads.size(), 1U);
    EXPECT_EQ(to_hex(payloads.front()), test::reference_vector("near-mpc/mpc_image_digest.txt"));
}

TEST(GenuineEvidence, CutAnywhereIsNotAnEventLog)
{
    NEED_REFERENCE_VECTORS();
    auto const answer = json::read_object(test::reference_vector("dstack/quote-report.json"));
    auto const text = answer->require_text("event_log").value();
    // Every length takes seconds for a text of this size; EventLog.RefusesEveryCut has them all.
    for (std::size_t size = 0; size < text.size(); size += 29)
        ASSERT_FALSE(parse_event_log(std::string_view(text).substr(0, size)).ok()) << size;
}

}  // namespace
}  // namespace mpc::evidence
