// The launch receipt: what the launcher did, as canonical JSON, bound into the quote. See docs/receipt.md.
#pragma once

#include "dstack/agent.h"
#include "image_source.h"
#include "node_container.h"

namespace mpc::launcher {

/// The receipt's exact bytes (RFC 8785, no final newline). Holds no value of user_config; equal launches give equal
/// bytes.
[[nodiscard]] std::string write_receipt(LaunchPlan const& plan, ObtainedImage const& image, ContainerSpec const& spec);

/// What binds a receipt to a quote: SHA-384 of its bytes, then 16 zero bytes.
[[nodiscard]] dstack::ReportData report_data_of(std::string_view receipt);

}  // namespace mpc::launcher
