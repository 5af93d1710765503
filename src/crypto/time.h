// Time as validity is judged by: whole seconds of UTC, handed in, never read from a clock here.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

struct asn1_string_st;

namespace mpc::crypto {

using Time = std::chrono::sys_seconds;

/// Exactly "YYYY-MM-DDTHH:MM:SSZ", a date that exists, no leap second: the one form Intel's collateral uses.
/// Errors: Invalid.
[[nodiscard]] Result<Time> parse_time(std::string_view text);
/// The same form.
[[nodiscard]] std::string to_text(Time time);

/// UTCTime or GeneralizedTime of a certificate or CRL. Errors: Invalid.
[[nodiscard]] Result<Time> from_asn1(asn1_string_st const* time);

}  // namespace mpc::crypto
