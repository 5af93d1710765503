#include "simulator/guest_agent.h"

#include <algorithm>

#include <fmt/format.h>

#include "simulator/guest_agent_json.h"
#include "simulator/rpc_answer.h"

namespace mpc::simulator {

namespace {

/// A request as dstack's router sees it.
struct Call {
    std::string method;
    std::string_view query;
};

/// "/<method>" with one segment, by GET or POST; nullopt is Rocket's 404.
std::optional<Call> route(http::Request const& request)
{
    std::string_view const target = request.target;
    auto const end = std::min(target.find('?'), target.size());
    auto const path = target.substr(0, end);
    if ((request.method != http::Method::Get && request.method != http::Method::Post) || path.size() < 2
        || path.front() != '/' || path.find('/', 1) != std::string_view::npos)
        return std::nullopt;
    return Call { .method = http::percent_decode(path.substr(1)),
        .query = target.substr(std::min(end + 1, target.size())) };
}

/// JSON in both directions: GET always; POST with the content type or with "json" in the query.
bool speaks_json(http::Request const& request, std::string_view query)
{
    if (request.method == http::Method::Get)
        return true;
    auto const arguments = query_arguments(query);
    if (auto const* flag = arguments.find("json");
        flag && (*flag->text() == "" || *flag->text() == "1" || *flag->text() == "true"))
        return true;
    http::Response const headers { .headers = request.headers };
    return headers.header("Content-Type").starts_with("application/json");
}

Result<json::Object> arguments_of(http::Request const& request, std::string_view query)
{
    if (request.method == http::Method::Get)
        return query_arguments(query);
    return json::read_object(request.body);
}

/// A text argument; what is missing has proto3's default.
Result<std::string> text_argument(json::Object const& arguments, std::string_view name)
{
    return arguments.find(name) ? arguments.require_text(name) : Result<std::string>(std::string());
}

/// A `bytes` argument: hex, with or without 0x.
Result<Bytes> bytes_argument(json::Object const& arguments, std::string_view name)
{
    auto const text = TRY(text_argument(arguments, name));
    return from_hex(std::string_view(text).substr(text.starts_with("0x") ? 2 : 0)).in(std::string(name));
}

/// dstack's error as protobuf: field 1, a text of less than 128 bytes.
http::Answer protobuf_error()
{
    constexpr std::string_view text = "this simulator speaks JSON: send Content-Type: application/json";
    static_assert(text.size() < 128);
    return { .response = { .status = 400,
                 .headers = { { "Content-Type", "application/octet-stream" } },
                 .body = std::string("\x0a") + static_cast<char>(text.size()) + std::string(text) } };
}

}  // namespace

GuestAgent::GuestAgent(GuestAgentOptions options, Dialect dialect, MeasuredVm vm, Machine machine,
    std::string app_certificate)
    : m_options(std::move(options)), m_dialect(std::move(dialect)), m_vm(std::move(vm)),
      m_plan(m_options.misbehaviours), m_machine(std::move(machine)), m_app_certificate(std::move(app_certificate))
{
}

Result<std::unique_ptr<GuestAgent>> GuestAgent::boot(GuestAgentOptions options)
{
    Seed const seed(options.seed);
    auto dialect = TRY(Dialect::of(options.version));
    auto identity = TRY(VmIdentity::from(options.app_compose, seed));
    auto machine = TRY(Machine::create(seed));
    auto certificate = TRY(machine.issue_app_certificate(identity.app_name));
    MeasuredVm vm(std::move(identity), seed, dialect);
    return std::unique_ptr<GuestAgent>(new GuestAgent(std::move(options), std::move(dialect), std::move(vm),
        std::move(machine), std::move(certificate)));
}

http::Answer GuestAgent::handle(http::Request const& request)
{
    auto const routed = route(request);
    if (!routed)
        return not_found();
    if (!speaks_json(request, routed->query))
        return protobuf_error();
    auto const arguments = arguments_of(request, routed->query);

    std::lock_guard const lock(m_mutex);
    note(routed->method, arguments.ok() ? *arguments : json::Object());
    auto const faults = m_plan.next_call_of(routed->method);
    if (faults.has(Fault::DropBefore))
        return { .delivery = { .drop = true } };
    if (faults.has(Fault::Html))
        return deliver(html_page(), faults);
    if (faults.has(Fault::Fail))
        return deliver(error_answer("told to fail"), faults);
    if (!arguments.ok())
        return deliver(error_answer(arguments.error().message()), faults);
    auto const result = call(routed->method, *arguments, faults);
    return deliver(result.ok() ? json_answer(200, *result) : error_answer(result.error().message()), faults);
}

void GuestAgent::note(std::string_view method, json::Object const& arguments) const
{
    if (!m_options.journal)
        return;
    auto const event = method == "EmitEvent" ? arguments.require_text("event") : Result<std::string>(std::string());
    m_options.journal->append(fmt::format("agent {}{}{}", method, event.ok() && !event->empty() ? " " : "",
        event.ok() ? *event : ""));
}

Result<std::string> GuestAgent::call(std::string_view method, json::Object const& arguments, Faults const& faults)
{
    if (method == "GetQuote")
        return get_quote(arguments, faults);
    if (method == "EmitEvent" && m_dialect.has_emit_event)
        return emit_event(arguments, faults);
    if (method == "Info")
        return info();
    if (method == "Version" && m_dialect.has_version_call)
        return version();
    return Error(ErrorKind::Refused, fmt::format("Method not found: {}", method));
}

Result<std::string> GuestAgent::get_quote(json::Object const& arguments, Faults const& faults) const
{
    auto const given = TRY(bytes_argument(arguments, "report_data"));
    std::array<std::uint8_t, 64> report_data {};
    if (given.size() > report_data.size())
        return Error(ErrorKind::Refused, "Report data is too long");
    std::ranges::copy(given, report_data.begin());

    auto quoted = report_data;
    auto echoed = report_data;
    if (faults.has(Fault::LieReportData))
        quoted[0] ^= 0xff;
    if (faults.has(Fault::LieEcho))
        echoed[0] ^= 0xff;
    return json::write(json::Object {
        { "quote", to_hex(TRY(m_machine.quote(m_vm, quoted))) },
        { "event_log", event_log_text(m_vm.log(), m_dialect) },
        { "report_data", to_hex(echoed) },
        { "vm_config", m_vm.identity().vm_config() },
    });
}

Result<std::string> GuestAgent::emit_event(json::Object const& arguments, Faults const& faults)
{
    auto const name = TRY(text_argument(arguments, "event"));
    auto const payload = TRY(bytes_argument(arguments, "payload"));
    auto const is_phantom = faults.has(Fault::LiePhantom);
    if (faults.has(Fault::LieLog))
        m_vm.emit(name, payload, Effect::RegisterOnly);
    else if (faults.has(Fault::LieRegister) || is_phantom)
        m_vm.emit(name, payload, Effect::LogOnly);
    else
        m_vm.emit(name, payload);
    if (faults.has(Fault::LieTwice))
        m_vm.emit(name, payload);
    if (is_phantom)
        return Error(ErrorKind::Refused, "Failed to extend RTMR3");
    return "null";
}

Result<std::string> GuestAgent::info() const
{
    auto const& identity = m_vm.identity();
    return json::write(json::Object {
        { "app_id", to_hex(identity.app_id) },
        { "instance_id", to_hex(identity.instance_id) },
        { "app_cert", m_app_certificate },
        { "tcb_info", tcb_info_text(m_vm) },
        { "app_name", identity.app_name },
        { "device_id", device_id() },
        { "mr_aggregated", to_hex(mr_aggregated(m_vm)) },
        { "os_image_hash", to_hex(identity.os_image_hash) },
        { "key_provider_info", identity.key_provider },
        { "compose_hash", to_hex(identity.compose_hash) },
        { "vm_config", identity.vm_config() },
        { "cloud_vendor", "mpc simulator" },
        { "cloud_product", "simulated CVM" },
    });
}

Result<std::string> GuestAgent::version() const
{
    return json::write(json::Object { { "version", m_dialect.version }, { "rev", "simulated" } });
}

evidence::EventLog GuestAgent::log() const
{
    std::lock_guard const lock(m_mutex);
    return m_vm.log();
}

std::array<evidence::Rtmr, 4> GuestAgent::rtmrs() const
{
    std::lock_guard const lock(m_mutex);
    return m_vm.rtmrs();
}

}  // namespace mpc::simulator
