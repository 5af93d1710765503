// The layout of an Intel TDX quote, v4 and v5: bytes in, values out. Nothing is verified here.
// Source: Intel TDX DCAP Quoting Library API, appendix A; offsets in docs and tests recomputed on genuine quotes.
#pragma once

#include <array>

#include "evidence/event_log.h"

namespace mpc::evidence {

/// What a quote says the CPU reported. The launcher reads it; only mpcctl verify establishes that Intel signed it.
struct QuoteView {
    std::uint16_t version = 0;  ///< 4 or 5
    std::array<std::uint8_t, 48> mrtd {};
    std::array<std::uint8_t, 48> mr_config_id {};
    std::array<Rtmr, 4> rtmrs {};
    std::array<std::uint8_t, 64> report_data {};
};

/// Reads header and TD report. TDX only, version 4 (TD 1.0 body at 48) or 5 (body type 2 or 3 at 54, with its size),
/// and long enough for the declared signature; zero bytes after it are allowed, as dstack pads. Errors: Invalid, named.
[[nodiscard]] Result<QuoteView> parse_quote(ByteView quote);

}  // namespace mpc::evidence
