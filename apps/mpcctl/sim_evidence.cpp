#include "mpcctl/sim_evidence.h"

#include <algorithm>

#include "mpcctl/option_values.h"
#include "mpcctl/say.h"
#include "mpcctl/sim_files.h"
#include "simulator/defects.h"
#include "simulator/policy_text.h"

namespace mpc::ctl {

namespace {

using simulator::Defect;

constexpr std::string_view remark = "SIMULATED: accepts the node of `mpcctl sim evidence`, which proves nothing.";

std::string check_of(Defect const& defect)
{
    return defect.check ? std::string(attestation::name_of(*defect.check)) : std::string();
}

/// What a verifier must say, for machines.
json::Object expectation(std::optional<Defect> const& defect)
{
    if (!defect)
        return json::Object { { "verdict", "trusted" } };
    json::Object object { { "defect", defect->name } };
    if (defect->check) {
        object.add("verdict", "not_trusted");
        object.add("check", check_of(*defect));
    } else {
        object.add("verdict", "unreadable");
        object.add("file", defect->file);
    }
    object.add("what", "The " + std::string(defect->what) + ".");
    return object;
}

void print_table(std::vector<Defect> const& defects)
{
    auto const width = [&defects](auto text) {
        std::size_t widest = 0;
        for (auto const& defect : defects)
            widest = std::max(widest, std::string(text(defect)).size());
        return widest;
    };
    auto const reason = [](Defect const& defect) {
        return defect.check ? check_of(defect) : "unreadable: " + std::string(defect.file);
    };
    auto const name_width = width([](Defect const& defect) { return defect.name; });
    auto const reason_width = width(reason);
    say("{:{}}  {:{}}  {}\n", "DEFECT", name_width, "FAILS FIRST", reason_width, "WHAT IS WRONG");
    for (auto const& defect : defects)
        say("{:{}}  {:{}}  The {}.\n", defect.name, name_width, reason(defect), reason_width, defect.what);
}

ExitCode list_defects(bool json)
{
    auto const defects = simulator::all_defects();
    if (!json) {
        print_table(defects);
        return ExitCode::Done;
    }
    json::Array list;
    for (auto const& defect : defects)
        list.emplace_back(expectation(defect));
    say("{}\n", json::write_pretty(json::Object { { "defects", std::move(list) } }));
    return ExitCode::Done;
}

Result<simulator::AttestedNode> node_of(SimEvidenceOptions const& options, crypto::Time now)
{
    auto node = TRY(simulator::AttestedNode::create(simulator::Seed(options.seed), now));
    node.quote.shape = TRY(quote_shape(options.shape));
    if (node.quote.shape == simulator::QuoteShape::V4)
        node.quote.least_size = simulator::dstack_quote_size;
    return node;
}

void print_expectation(SimEvidenceOptions const& options, std::optional<Defect> const& defect, crypto::Time now)
{
    auto const at = crypto::to_text(now);
    if (options.json) {
        auto object = expectation(defect);
        object.add("at", at);
        object.add("directory", options.output.string());
        say("{}\n", json::write_pretty(object));
        return;
    }
    say("SIMULATED evidence of seed {} at {}: {}\n", options.seed, at, options.output.string());
    if (!defect)
        say("it is to be trusted\n");
    else if (defect->check)
        say("the {}: {} must fail first\n", defect->what, check_of(*defect));
    else
        say("the {}: {} cannot be read\n", defect->what, defect->file);
}

}  // namespace

Result<simulator::QuoteShape> quote_shape(std::string_view name)
{
    if (name == "v4")
        return simulator::QuoteShape::V4;
    if (name == "v5-td10")
        return simulator::QuoteShape::V5Td10;
    if (name == "v5-td15")
        return simulator::QuoteShape::V5Td15;
    return Error(ErrorKind::Invalid, "--shape is neither v4, v5-td10 nor v5-td15")
        .exit_as(mpc::ExitCode::Usage)
        .remedy("see mpcctl sim evidence --help");
}

Result<ExitCode> run(SimEvidenceOptions const& options, Interrupt const&)
{
    if (options.list)
        return list_defects(options.json);
    if (options.output.empty())
        return Error(ErrorKind::Invalid, "--output is missing")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("name a directory for the files, or ask for --list-defects");
    auto const now = TRY(moment_or_now(options.at));
    std::optional<Defect> defect;
    if (options.defect)
        defect = TRY(simulator::defect_named(*options.defect).exit_as(mpc::ExitCode::Usage));
    auto const made = TRY(simulator::make_case(TRY(node_of(options, now)), defect));
    auto files = simulator::evidence_files(made.exhibit);
    if (auto public_data = simulator::public_data_file(made.exhibit))
        files.push_back(*std::move(public_data));
    files.push_back({ "policy.toml", simulator::policy_text(made.policy, remark) });
    TRY(write_files(options.output, files));
    print_expectation(options, defect, now);
    return ExitCode::Done;
}

}  // namespace mpc::ctl
