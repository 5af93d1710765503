// What a genuine quote measures, as rows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attestation/quote.h"

namespace mpc::report {

struct Measurement {
    std::string_view name;     ///< stable: "rtmr3"
    std::string_view title;    ///< "RTMR3"
    std::string_view meaning;  ///< "what dstack and the launcher measured while they ran"
    std::string hex;           ///< lower-case, all of it, bytes in the order of the quote
};

/// In the order of the report; the two of TD 1.5 only when the quote has them.
[[nodiscard]] std::vector<Measurement> measurements_of(attestation::TdReport const& td);

}  // namespace mpc::report
