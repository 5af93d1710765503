// The report for machines: the schema of docs/verify-json.md.
#include "json/json.h"

#include "report/document.h"
#include "report/groups.h"
#include "report/measurements.h"

namespace mpc::report {

namespace {

using attestation::CheckResult;
using attestation::Report;
using attestation::Scope;
using attestation::TcbStatus;
using attestation::WindowKind;
using crypto::to_text;
using json::Array;
using json::Object;
using json::Value;

Value value_of(std::optional<crypto::Time> time) { return time ? Value(to_text(*time)) : Value(); }

Value value_of(std::optional<TcbStatus> status) { return status ? Value(name_of(*status)) : Value(); }

template <typename Items, typename Convert>
Array list_of(Items const& items, Convert convert)
{
    Array list;
    for (auto const& item : items)
        list.push_back(convert(item));
    return list;
}

Value check_value(attestation::Check const& check)
{
    bool const judged = check.result != CheckResult::NotApplicable;
    return Object { { "name", name_of(check.id) }, { "group", group_of(check.id).name },
        { "clause", clause_of(check.id) }, { "result", name_of(check.result) }, { "found", check.found },
        { "expected", judged ? check.expected : Value() } };
}

Value measurements_value(Report const& report)
{
    if (!report.measurements)
        return {};
    Object object;
    for (auto const& each : measurements_of(*report.measurements))
        object.add_new(std::string(each.name), each.hex);
    for (auto const* of_td_15 : { "tee_tcb_svn2", "mr_service_td" })
        object.add(of_td_15, Value());  // unless it is there
    return object;
}

Value tcb_value(Report const& report)
{
    if (!report.tcb)
        return {};
    auto const& tcb = *report.tcb;
    return Object { { "launch", name_of(tcb.launch) }, { "current", value_of(tcb.current) },
        { "platform", value_of(tcb.platform) }, { "tdx_module", value_of(tcb.tdx_module) },
        { "quoting_enclave", value_of(tcb.quoting_enclave) }, { "date", to_text(tcb.date) },
        { "tcb_info_evaluation_number", tcb.tcb_info_evaluation_number },
        { "qe_identity_evaluation_number", tcb.qe_identity_evaluation_number } };
}

std::string_view name_of(WindowKind kind)
{
    switch (kind) {
    case WindowKind::Certificate: return "certificate";
    case WindowKind::RevocationList: return "revocation_list";
    case WindowKind::SignedText: return "signed_text";
    }
    return "unknown";
}

Value window_value(attestation::Window const& window)
{
    return Object { { "kind", name_of(window.kind) }, { "what", window.what }, { "from", to_text(window.from) },
        { "until", to_text(window.until) } };
}

Value prospect_value(attestation::Prospect const& prospect)
{
    return Object { { "cause", name_of(prospect.cause) }, { "what", prospect.what }, { "when", to_text(prospect.when) },
        { "then", prospect.then } };
}

/// The runtime events, each with the digest that it has and not the one that was logged.
Value events_value(attestation::Evidence const& evidence)
{
    if (!evidence.event_log)
        return {};
    Array events;
    for (auto const& event : *evidence.event_log) {
        if (event.imr != 3)
            continue;
        auto const digest = to_hex(evidence::runtime_event_digest(event.name, event.payload));
        events.push_back(Object { { "name", event.name }, { "payload", to_hex(event.payload) }, { "digest", digest } });
    }
    return events;
}

void add_verdict(Object& object, Document const& document)
{
    auto const& report = document.report;
    auto const* failure = report.first_failure();
    object.add_new("format", "mpc-verification/1");
    object.add_new("verdict", name_of(report.verdict));
    object.add_new("scope", report.scope == Scope::Node ? "node" : "platform");
    object.add_new("first_failure", failure ? Value(name_of(failure->id)) : Value());
    object.add_new("judged_at", to_text(report.judged_at));
    object.add_new("evidence_source", document.evidence_source);
    object.add_new("collateral_source", document.collateral_source);
}

}  // namespace

std::string as_json(Document const& document)
{
    auto const& report = document.report;
    auto const name = [](auto const& item) { return Value(name_of(item)); };
    auto const text = [](std::string const& item) { return Value(item); };
    Object object;
    add_verdict(object, document);
    object.add_new("tcb_status", report.tcb ? Value(name_of(report.tcb->status)) : Value());
    object.add_new("advisories", report.tcb ? list_of(report.tcb->advisories, text) : Array());
    object.add_new("tcb", tcb_value(report));
    object.add_new("valid_from", value_of(report.valid_from));
    object.add_new("valid_until", value_of(report.valid_until));
    object.add_new("loosenings", list_of(report.loosenings, name));
    object.add_new("notes", list_of(report.notes, name));
    object.add_new("signature_checks", report.checks.signatures());
    object.add_new("checks", list_of(report.checks, check_value));
    object.add_new("measurements", measurements_value(report));
    object.add_new("events", events_value(document.evidence));
    object.add_new("windows", list_of(report.windows, window_value));
    object.add_new("forecast", list_of(document.forecast, prospect_value));
    return json::write_pretty(object) + "\n";
}

}  // namespace mpc::report
