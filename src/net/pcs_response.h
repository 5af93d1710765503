// What a provisioning certification service answers (Intel PCS API v4, and PCCS, which mirrors it), text by text.
// Everything here is only taken apart: nothing of it is believed.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace mpc::net {

/// A text that Intel signed, as the very bytes that were signed.
struct SignedMember {
    std::string text;
    std::string signature;  ///< 128 hex characters, as they came
};

/// The bytes of a member's value as they stand in a JSON object: from the first to the last, nothing rewritten. At most
/// 1 MiB and 32 levels of strict JSON. Errors: Invalid (not such an object, no such member).
[[nodiscard]] Result<std::string_view> member_text(std::string_view json, std::string_view name);

/// {"<name>":{...},"signature":"<hex>"}: an answer of .../tcb (tcbInfo) or .../qe/identity (enclaveIdentity).
/// Errors: Invalid.
[[nodiscard]] Result<SignedMember> parse_signed_member(std::string_view body, std::string_view name);

/// PEM out of a header, where it is percent-encoded. Strict: every % begins an escape, + is refused (some take it for a
/// space), and what comes out is printable ASCII with line breaks. At most 16 KiB. Errors: Invalid.
[[nodiscard]] Result<std::string> decode_chain_header(std::string_view value);

/// The DER of a CRL that may have come as DER, as hex of either case (PCCS) or as one PEM block. What the DER holds is
/// not looked at. At most 2 MiB. Errors: Invalid.
[[nodiscard]] Result<Bytes> decode_crl(std::string_view body);

}  // namespace mpc::net
