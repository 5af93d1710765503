#include "mpcctl/evidence_input.h"

#include <fmt/format.h>

#include "attestation/byte_member.h"
#include "attestation/public_data.h"
#include "base/fd.h"
#include "dstack/agent.h"
#include "mpcctl/agent_calls.h"
#include "mpcctl/exit_code.h"
#include "net/http_get.h"

namespace mpc::ctl {

namespace {

using attestation::Evidence;
using attestation::ReportData;
using attestation::Scope;
using attestation::SignedQuote;

constexpr std::size_t file_limit = std::size_t { 16 } << 20;
constexpr std::size_t quote_limit = std::size_t { 1 } << 20;
constexpr json::Limits quote_json { .bytes = quote_limit, .depth = 8 };

Result<std::string> read(std::filesystem::path const& path, std::string const& what)
{
    return read_file(path, file_limit).in(what);
}

/// Files that go with any source, and say more than it does.
Result<void> add_files(EvidenceOptions const& options, Evidence& evidence)
{
    if (options.tcb_info) {
        auto info = TRY(
            attestation::DstackInfo::parse(TRY(read(*options.tcb_info, "tcb info"))).in(options.tcb_info->string()));
        evidence.event_log = std::move(info.event_log);
        evidence.app_compose = std::move(info.app_compose);
        evidence.claimed = info.claimed;
    }
    if (options.event_log)
        evidence.event_log =
            TRY(evidence::parse_event_log(TRY(read(*options.event_log, "event log"))).in(options.event_log->string()));
    if (options.app_compose)
        evidence.app_compose = TRY(read(*options.app_compose, "app-compose"));
    if (options.node_keys)
        evidence.node_keys = TRY(
            attestation::parse_node_keys(TRY(read(*options.node_keys, "node keys"))).in(options.node_keys->string()));
    if (options.receipt)
        evidence.receipt = TRY(read(*options.receipt, "receipt"));
    if (options.predicted)
        evidence.predicted =
            TRY(parse_prediction(TRY(read(*options.predicted, "prediction"))).in(options.predicted->string()));
    return ok;
}

bool is_url(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://"); }

net::TlsTrust trust_of(EvidenceOptions const& options)
{
    return options.tls_ca ? net::TlsTrust(net::CaFile { *options.tls_ca }) : net::SystemStore();
}

Result<std::string> fetch(EvidenceOptions const& options, Interrupt const& interrupt)
{
    net::GetRequest const request { .url = TRY(net::Url::parse(*options.public_data)),
        .tls = trust_of(options),
        .deadline = std::chrono::seconds(options.timeout_seconds),
        .most_body_bytes = file_limit };
    return TRY(
        from_other_side(net::get(request, interrupt))
            .remedy("check that the node runs and that this is its address, such as http://NODE:8080/public_data"))
        .body;
}

Result<GatheredEvidence> from_public_data(EvidenceOptions const& options, Interrupt const& interrupt)
{
    auto const& where = *options.public_data;
    auto const text = TRY(is_url(where)
            ? fetch(options, interrupt)
            : read(where, "public data").remedy("give --public-data a file, or a URL with http:// or https://"));
    auto data = TRY(attestation::PublicData::parse(text).in(where));
    Evidence evidence { .quote = std::move(data.quote) };
    evidence.event_log = std::move(data.info.event_log);
    evidence.app_compose = std::move(data.info.app_compose);
    evidence.claimed = data.info.claimed;
    evidence.node_keys = data.keys;
    return GatheredEvidence {
        .evidence = std::move(evidence), .collateral = std::move(data.collateral), .source = where
    };
}

Result<GatheredEvidence> from_agent(EvidenceOptions const& options, Interrupt const& interrupt)
{
    auto const& where = *options.agent;
    Evidence given { .quote = {} };
    TRY(add_files(options, given));
    auto const nonce = TRY(fresh_nonce());
    auto const asked = given.node_keys ? attestation::report_data_of(*given.node_keys)
        : given.receipt                ? attestation::report_data_of_receipt(*given.receipt)
                                       : nonce;
    Duration const timeout = std::chrono::seconds(options.timeout_seconds);
    auto const calls = is_url(where) ? agent_calls_over_net(where, trust_of(options), timeout, interrupt)
                                     : agent_calls_over_socket(where, timeout, interrupt);
    auto const quote = TRY(from_other_side(quote_of_agent(calls, asked)).in(where));
    auto info = TRY(from_other_side(info_of_agent(calls)).in(where));

    Evidence evidence { .quote = TRY(from_other_side(SignedQuote::parse(quote.bytes)).in(where)) };
    evidence.event_log = quote.log;
    evidence.app_compose = std::move(info.app_compose);
    evidence.claimed = info.claimed;
    if (!given.node_keys && !given.receipt)
        evidence.nonce = nonce;
    return GatheredEvidence { .evidence = std::move(evidence), .source = "guest agent " + where };
}

Result<GatheredEvidence> from_quote(EvidenceOptions const& options)
{
    auto const& path = *options.quote;
    auto const bytes = TRY(decode_quote(TRY(read(path, "quote"))).in(path.string()));
    GatheredEvidence gathered { .evidence = { .quote = TRY(SignedQuote::parse(bytes).in(path.string())) },
        .source = path.string() };
    bool const more = options.tcb_info || options.event_log || options.app_compose || options.node_keys
        || options.receipt || options.predicted;
    gathered.scope = more ? Scope::Node : Scope::Platform;
    return gathered;
}

}  // namespace

Result<Bytes> decode_quote(std::string_view content)
{
    if (content.size() > quote_limit)
        return Error(ErrorKind::Invalid, "a quote of more than 1 MiB");
    auto const first = content.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos)
        return Error(ErrorKind::Invalid, "the quote is empty");
    auto const text = content.substr(first, content.find_last_not_of(" \t\r\n") - first + 1);
    if (text.front() == '[')
        return attestation::bytes_of(TRY(json::read(text, quote_json)));
    if (text.front() == '{')
        return attestation::require_bytes(TRY(json::read_object(text, quote_json)), "quote");
    // A binary quote begins with its version as 16 bits, the second of which is zero and no text.
    if (content.find('\0') == std::string_view::npos)
        return from_hex(text).remedy("give the quote as binary, as hex, or as a JSON list of byte values");
    return Bytes(content.begin(), content.end());
}

Result<evidence::EventLog> parse_prediction(std::string_view content)
{
    auto const object = TRY(json::read_object(content).remedy("give a file that `mpcctl predict --json` wrote"));
    return evidence::parse_event_log(*TRY(object.require_array("events")));
}

Result<GatheredEvidence> gather_evidence(EvidenceOptions const& options, Interrupt const& interrupt)
{
    if (!options.public_data && !options.agent && !options.quote)
        return Error(ErrorKind::Invalid, "no evidence was named")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("give one of --public-data, --agent and --quote");
    auto gathered = TRY(options.public_data ? from_public_data(options, interrupt)
            : options.agent                 ? from_agent(options, interrupt)
                                            : from_quote(options));
    TRY(add_files(options, gathered.evidence));
    return gathered;
}

}  // namespace mpc::ctl
