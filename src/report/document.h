// A verification as its readers get it: a table for people, JSON for machines, a page to look at and to print.
#pragma once

#include "attestation/forecast.h"
#include "attestation/verify.h"

namespace mpc::report {

/// Everything a reader is shown, judged already: rendering decides nothing.
struct Document {
    attestation::Report report;
    attestation::Evidence evidence;
    attestation::Collateral collateral;
    std::vector<attestation::Prospect> forecast;
    std::string evidence_source;    ///< "https://node.example/public_data", "quote.bin, tcb_info.json"
    std::string collateral_source;  ///< "in the public data", "collateral.json", "https://pccs.example (cached)"
};

enum class Colour { Never, Always };

/// The verdict, every check in order with its clause, found and expected, the forecast, the verdict again. Ends with a
/// newline. Foreign text is made printable.
[[nodiscard]] std::string as_table(Document const& document, Colour colour);

/// The schema of docs/verify-json.md. Ends with a newline.
[[nodiscard]] std::string as_json(Document const& document);

/// One self-contained page: no script, no reference to anything outside of it.
[[nodiscard]] std::string as_html(Document const& document);

}  // namespace mpc::report
