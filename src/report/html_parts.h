// The parts of the page, each finished HTML. All text that is not ours goes through escaped().
#pragma once

#include <string>

#include "report/document.h"
#include "report/groups.h"

namespace mpc::report::html {

/// The content of the page's one style element.
[[nodiscard]] std::string_view style();

/// A small picture of an outcome; says nothing to a screen reader, because words stand beside it.
[[nodiscard]] std::string icon(Outcome outcome);
/// "ok", "bad", "open" or "none": the class that colours whatever has this outcome.
[[nodiscard]] std::string_view class_of(Outcome outcome);
/// An icon and words on a coloured ground.
[[nodiscard]] std::string chip(Outcome outcome, std::string_view words);

/// Hex that wraps and can be read: digests, keys, payloads.
[[nodiscard]] std::string code(std::string_view text);

/// From the root to the node, as a picture; where it breaks is marked.
[[nodiscard]] std::string chain_of_trust(Document const& document);
/// The events that went into each register, and whether they are what the quote says.
[[nodiscard]] std::string measured_boot(Document const& document);
/// Every check, in its group; groups in which one failed are open.
[[nodiscard]] std::string checks(Document const& document);
/// From when until when everything holds, as bars around the time of the judgement, and what ends next.
[[nodiscard]] std::string validity(Document const& document);
[[nodiscard]] std::string measurements(Document const& document);

}  // namespace mpc::report::html
