#include "measure/measurement.h"

#include <fmt/format.h>

#include "json/json.h"

namespace mpc::measure {

namespace {

constexpr auto reboot_remedy = "reboot the CVM: RTMR3 can only be set back by a new boot";

Error needs_reboot(std::string message)
{
    return Error(ErrorKind::Mismatch, std::move(message)).exit_as(ExitCode::Reboot).remedy(reboot_remedy);
}

/// An extension begun earlier in this boot may still be on its way: look until it shows, but not for ever.
Result<State> await_earlier_extension(Measurement const& with, image::ImageDigest const& digest)
{
    auto const deadline = Deadline::after(with.settle);
    do {
        TRY(with.interrupt.sleep(std::chrono::milliseconds(250)));
        auto const quote = TRY(with.agent.quote({}));
        if (auto const state = TRY(state_of(quote, digest)); state != State::NotYet)
            return state;
    } while (!deadline.passed());
    return needs_reboot("an earlier launcher began to extend RTMR3 in this boot and its outcome is not known");
}

Result<void> extend_once(Measurement const& with, image::ImageDigest const& digest)
{
    TRY(with.note.write());
    auto extended = with.extender.extend(evidence::image_digest_event, digest.bytes());
    // Only a clear no leaves nothing open. After anything else the note stays, for the next launcher of this boot.
    if (extended.ok() || extended.error().kind() == ErrorKind::Refused)
        TRY(with.note.remove());
    return std::move(extended).in(fmt::format("extending RTMR3 ({})", with.extender.description()));
}

Result<void> bring_about(Measurement const& with, State state, image::ImageDigest const& digest)
{
    if (state == State::NotYet && TRY(with.note.exists()))
        state = TRY(await_earlier_extension(with, digest));
    switch (state) {
    case State::NotYet: return extend_once(with, digest);
    case State::Same: return with.note.remove();
    case State::Other: return needs_reboot("another image digest is already measured in this boot");
    }
    return Error(ErrorKind::Internal, "unknown measurement state");
}

Result<dstack::Quote> measure_and_prove(Measurement const& with, dstack::Quote const& before,
    image::ImageDigest const& digest, dstack::ReportData const& report_data)
{
    TRY(bring_about(with, TRY(state_of(before, digest)), digest));
    auto proof = TRY(with.agent.quote(report_data));
    if (proof.view.report_data != report_data)
        return Error(ErrorKind::Mismatch, "the quote does not carry the report data that was asked for");
    switch (TRY(state_of(proof, digest))) {
    case State::Same: return proof;
    case State::NotYet: return Error(ErrorKind::Mismatch, "the agent accepted the event, but its log does not hold it");
    case State::Other: return needs_reboot("another image digest was measured in this boot meanwhile");
    }
    return Error(ErrorKind::Internal, "unknown measurement state");
}

}  // namespace

Result<State> state_of(dstack::Quote const& quote, image::ImageDigest const& digest)
{
    auto const replayed = TRY(evidence::replay_rtmr3(quote.log).exit_as(ExitCode::Measurement));
    if (replayed != quote.view.rtmrs[3]) {
        return Error(ErrorKind::Mismatch,
            fmt::format("the event log replays to RTMR3 {}, but the quote says {}", replayed.hex(),
                quote.view.rtmrs[3].hex()))
            .exit_as(ExitCode::Measurement)
            .remedy("reboot the CVM; if it happens again, the guest agent cannot be relied on");
    }
    auto const payloads = evidence::payloads_of(quote.log, evidence::image_digest_event);
    if (payloads.empty())
        return State::NotYet;
    if (payloads.size() > 1)
        return needs_reboot(fmt::format("{} was measured {} times in this boot", evidence::image_digest_event,
            payloads.size()));
    if (payloads.front().size() != digest.bytes().size())
        return needs_reboot(fmt::format("the payload of {} is not 32 bytes", evidence::image_digest_event));
    return std::ranges::equal(payloads.front(), digest.bytes()) ? State::Same : State::Other;
}

Result<dstack::Quote> measure(Measurement const& with, dstack::Quote const& before, image::ImageDigest const& digest,
    dstack::ReportData const& report_data)
{
    return measure_and_prove(with, before, digest, report_data).exit_as(ExitCode::Measurement);
}

}  // namespace mpc::measure
