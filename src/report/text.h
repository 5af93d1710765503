// Foreign text made fit to be shown, and the words that all forms of a report use.
#pragma once

#include <string>
#include <string_view>

#include "report/document.h"

namespace mpc::report {

/// As printable() and uncut, with & < > " ' as character references: fit for an element's content and for a quoted
/// attribute.
[[nodiscard]] std::string escaped(std::string_view text);

/// The payload itself when it is nothing but printable ASCII, as far as 200 characters; otherwise "".
[[nodiscard]] std::string as_plain_text(ByteView payload);
/// What can be read in a payload of the firmware's: its longest run of at least six printable ASCII characters, which
/// may be stored as UTF-16 (names of UEFI variables are); "" when there is none. At most 200 characters.
[[nodiscard]] std::string readable_part(ByteView payload);

/// "3 events", "1 event".
[[nodiscard]] std::string counted(std::size_t count, std::string_view one);

/// "in 15 days", "in 3 hours", "5 minutes ago", "now": rounded down.
[[nodiscard]] std::string relative(crypto::Time when, crypto::Time now);

/// "TRUSTED", "TRUSTED: the platform only, ...", "NOT TRUSTED: <check>: <clause>".
[[nodiscard]] std::string verdict_line(attestation::Report const& report);

/// What a loosening accepts and what a note means, a sentence without its full stop.
[[nodiscard]] std::string_view sentence_of(attestation::Loosening loosening);
[[nodiscard]] std::string_view sentence_of(attestation::Note note);

}  // namespace mpc::report
