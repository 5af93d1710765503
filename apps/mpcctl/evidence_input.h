// Where a verification's evidence comes from: a node's public data, a guest agent, or files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "attestation/verify.h"
#include "base/interrupt.h"

namespace mpc::ctl {

/// At most one of public_data, agent and quote is set; the other files add to it.
struct EvidenceOptions {
    std::optional<std::string> public_data {};      ///< URL or file
    std::optional<std::string> agent {};            ///< unix socket, or http(s) URL
    std::optional<std::filesystem::path> quote {};  ///< see decode_quote()
    std::optional<std::filesystem::path> tcb_info {};
    std::optional<std::filesystem::path> event_log {};
    std::optional<std::filesystem::path> app_compose {};
    std::optional<std::filesystem::path> node_keys {};  ///< JSON as in public data
    std::optional<std::filesystem::path> receipt {};
    std::optional<std::filesystem::path> predicted {};  ///< the JSON of `mpcctl predict`
    std::optional<std::filesystem::path> tls_ca {};     ///< trusted for https URLs, instead of the system's
    int timeout_seconds = 30;
};

struct GatheredEvidence {
    attestation::Evidence evidence;
    std::optional<attestation::Collateral> collateral {};  ///< that of the public data
    std::string source {};                                 ///< for people
    /// How far the evidence can be judged: to the node unless there is nothing but a quote.
    attestation::Scope scope = attestation::Scope::Node;
};

/// The bytes of a quote that is stored as binary, hex text, a JSON list of byte values, or a JSON object (GetQuote's
/// answer) whose "quote" is one of the last two. At most 1 MiB. Errors: Invalid.
[[nodiscard]] Result<Bytes> decode_quote(std::string_view content);

/// The RTMR3 events of a prediction as `mpcctl predict --json` prints it. Errors: Invalid.
[[nodiscard]] Result<evidence::EventLog> parse_prediction(std::string_view content);

/// Reads and asks for everything; judges nothing. An agent is asked for a quote of the node's keys or the receipt where
/// those are given, and of a fresh nonce otherwise.
/// Errors: Invalid, NotFound, Io of files; what others do wrong is from_other_side().
[[nodiscard]] Result<GatheredEvidence> gather_evidence(EvidenceOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
