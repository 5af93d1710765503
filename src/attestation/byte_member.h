// Bytes in JSON, in both encodings that are in use: hex text, or a list of byte values (as Rust's serde writes them).
#pragma once

#include "base/bytes.h"
#include "json/json.h"

namespace mpc::attestation {

/// Errors: Invalid, without the name of what was read.
[[nodiscard]] Result<Bytes> bytes_of(json::Value const& value);
/// A member that must exist. Errors: Invalid, with its name.
[[nodiscard]] Result<Bytes> require_bytes(json::Object const& object, std::string const& name);

}  // namespace mpc::attestation
