#include <cerrno>
#include <charconv>
#include <sys/stat.h>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/log.h"
#include "dstack/agent.h"
#include "http/client.h"
#include "json/json.h"

namespace mpc::dstack {

namespace {

constexpr auto socket_remedy =
    "mount /var/run/dstack.sock of the CVM into the launcher's container; a host that has none "
    "is not a dstack CVM";

/// The agent's own words from a refusal ({"error": text}), or what can be said without them.
std::string reason_of(http::Response const& response)
{
    auto const body = json::read_object(response.body);
    auto const* error = body.ok() ? body->find("error") : nullptr;
    if (error && error->text())
        return printable(*error->text());
    return fmt::format("HTTP {} without a reason", response.status);
}

/// "0.5.8", "v0.5.8" or "v0.5.8-3-gabc": the numbers before and after the first point count.
Result<AgentVersion> parse_version(std::string const& text)
{
    auto const malformed =
        Error(ErrorKind::Invalid, fmt::format("\"{}\" is not a version such as 0.5.8", printable(text, 40)));
    AgentVersion version { .text = printable(text, 40) };
    auto const* const end = text.data() + text.size();
    auto const major = std::from_chars(text.data() + (text.starts_with('v') ? 1 : 0), end, version.major);
    if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.')
        return malformed;
    auto const minor = std::from_chars(major.ptr + 1, end, version.minor);
    if (minor.ec != std::errc() || (minor.ptr != end && *minor.ptr != '.' && *minor.ptr != '-'))
        return malformed;
    return version;
}

Result<AgentVersion> read_version(std::string const& body)
{
    auto const answer = TRY(json::read_object(body));
    return parse_version(TRY(answer.require_text("version")));
}

/// The answer of a call that returns nothing: dstack sends "null", its documents say "empty".
Result<void> read_nothing(std::string const& body)
{
    if (body.empty())
        return ok;
    auto const answer = TRY(json::read(body));
    if (!answer.is_null() && !(answer.object() && answer.object()->size() == 0))
        return Error(ErrorKind::Invalid, "an answer where none was expected");
    return ok;
}

/// The agent of dstack 0.5, whose calls are POST /<method> with JSON in both directions.
class HttpAgent final : public Agent {
public:
    HttpAgent(std::filesystem::path socket, Interrupt const& interrupt, Duration deadline)
        : m_client(std::move(socket), interrupt), m_deadline(deadline)
    {
    }

    Result<std::optional<AgentVersion>> version() override
    {
        auto const body = call("Version", {});
        if (!body.ok() && body.error().kind() == ErrorKind::Refused)
            return std::optional<AgentVersion>();
        return std::optional(TRY(read_version(TRY(body)).in("dstack agent: Version")));
    }

    Result<Quote> quote(ReportData const& report_data) override
    {
        auto const body = TRY(call("GetQuote", { { "report_data", to_hex(report_data) } }));
        return parse_quote_answer(body, report_data).in("dstack agent: GetQuote");
    }

    Result<void> emit_event(std::string_view name, ByteView payload) override
    {
        auto const body = TRY(call("EmitEvent", { { "event", name }, { "payload", to_hex(payload) } }));
        return read_nothing(body).in("dstack agent: EmitEvent");
    }

private:
    /// The body of a 200. dstack says 400 (or 404) for a call that it does not serve; any other status is not dstack's.
    Result<std::string> call(std::string const& method, json::Object const& arguments) const
    {
        http::Request const request { .method = http::Method::Post,
            .target = "/" + method,
            .headers = { { "Content-Type", "application/json" } },
            .body = json::write(arguments) };
        auto response = TRY(m_client.send(request, { .deadline = m_deadline }).in("dstack agent: " + method));
        if (response.status == 400 || response.status == 404)
            return Error(ErrorKind::Refused, fmt::format("dstack agent: {}: {}", method, reason_of(response)));
        if (response.status != 200)
            return Error(ErrorKind::Invalid,
                fmt::format("dstack agent: {}: unexpected HTTP status {}", method, response.status));
        return std::move(response.body);
    }

    http::Client m_client;
    Duration m_deadline;
};

}  // namespace

Result<Quote> parse_quote_answer(std::string_view body, ReportData const& asked)
{
    auto const answer = TRY(json::read_object(body));
    if (auto const* echo = answer.find("report_data"); echo && (!echo->text() || *echo->text() != to_hex(asked)))
        return Error(ErrorKind::Mismatch, "it echoes other report data than it was asked to quote");
    Quote quote;
    quote.bytes = TRY(from_hex(TRY(answer.require_text("quote"))).in("\"quote\""));
    quote.view = TRY(evidence::parse_quote(quote.bytes));
    if (quote.view.report_data != asked)
        return Error(ErrorKind::Mismatch, "the quote holds other report data than was asked for");
    quote.log_text = TRY(answer.require_text("event_log"));
    quote.log = TRY(evidence::parse_event_log(quote.log_text));
    return quote;
}

Result<std::unique_ptr<Agent>> Agent::connect(std::filesystem::path socket, Interrupt const& interrupt,
    Duration deadline)
{
    struct stat status {};
    auto const required = "PLATFORM=TEE requires the dstack guest agent's unix socket at " + socket.string();
    if (stat(socket.c_str(), &status) != 0) {
        auto const kind = errno == ENOENT || errno == ENOTDIR ? ErrorKind::NotFound : ErrorKind::Io;
        return Error(kind, required + ": " + errno_text()).remedy(socket_remedy);
    }
    if (!S_ISSOCK(status.st_mode))
        return Error(ErrorKind::Invalid, required + ", but what is there is not a socket").remedy(socket_remedy);
    return std::unique_ptr<Agent>(std::make_unique<HttpAgent>(std::move(socket), interrupt, deadline));
}

}  // namespace mpc::dstack
