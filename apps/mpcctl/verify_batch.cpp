#include "mpcctl/verify_batch.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/log.h"
#include "mpcctl/say.h"

namespace mpc::ctl {

namespace {

using attestation::Report;
using attestation::Verdict;
namespace fs = std::filesystem;

constexpr std::size_t file_limit = std::size_t { 16 } << 20;
constexpr unsigned most_jobs = 256;

/// What is judged once, and then read by all threads.
struct Shared {
    attestation::Policy policy;
    crypto::Time time;
    std::optional<attestation::VerifiedCollateral> collateral;
};

struct Node {
    std::string name;
    Result<Report> report;
};

Result<std::vector<fs::path>> entries_of(fs::path const& directory)
{
    std::vector<fs::path> entries;
    std::error_code problem;
    for (fs::directory_iterator at(directory, problem), end; !problem && at != end; at.increment(problem)) {
        auto const& path = at->path();
        bool const hidden = path.filename().string().starts_with('.');
        if (!hidden && (at->is_directory() || path.extension() == ".json"))
            entries.push_back(path);
    }
    if (problem)
        return Error(ErrorKind::NotFound, fmt::format("{}: {}", directory.string(), problem.message()))
            .remedy("give --batch a directory with a file or a directory for each node");
    if (entries.empty())
        return Error(ErrorKind::NotFound, directory.string() + ": no node's evidence in it")
            .remedy("put there NAME.json with a node's public data, or NAME/ with quote.bin and what goes with it");
    std::ranges::sort(entries);
    return entries;
}

EvidenceOptions evidence_in(fs::path const& directory)
{
    auto const file = [&](char const* name) -> std::optional<fs::path> {
        auto path = directory / name;
        std::error_code ignored;
        return fs::exists(path, ignored) ? std::optional(std::move(path)) : std::nullopt;
    };
    EvidenceOptions options;
    if (auto const data = file("public_data.json"))
        options.public_data = data->string();
    for (auto const* name : { "quote.json", "quote.hex", "quote.bin" }) {
        if (auto quote = file(name))
            options.quote = std::move(quote);
    }
    if (options.quote)
        options.public_data.reset();
    options.tcb_info = file("tcb_info.json");
    options.event_log = file("event_log.json");
    options.app_compose = file("app_compose.json");
    options.node_keys = file("node_keys.json");
    options.receipt = file("receipt.json");
    return options;
}

Result<attestation::Collateral> collateral_of(fs::path const& entry, GatheredEvidence const& gathered)
{
    if (gathered.collateral)
        return *gathered.collateral;
    return attestation::Collateral::parse(TRY(read_file(entry / "collateral.json", file_limit)));
}

Result<Report> judge(fs::path const& entry, Shared const& shared)
{
    EvidenceOptions options;
    if (fs::is_directory(entry))
        options = evidence_in(entry);
    else
        options.public_data = entry.string();
    auto const gathered = TRY(gather_evidence(options, Interrupt::never()));
    if (shared.collateral)
        return attestation::verify(gathered.evidence, *shared.collateral, shared.policy);
    auto const collateral = TRY(collateral_of(entry, gathered));
    return attestation::verify(gathered.evidence, collateral, shared.policy, shared.time);
}

/// Judges all entries, each thread taking the next one that nobody has.
std::vector<Node> judge_all(std::vector<fs::path> const& entries, Shared const& shared, unsigned jobs)
{
    std::vector<std::optional<Node>> results(entries.size());
    std::atomic<std::size_t> next = 0;
    auto const work = [&] {
        for (auto i = next++; i < entries.size(); i = next++)
            results[i] = Node { entries[i].filename().string(), judge(entries[i], shared) };
    };
    {
        std::vector<std::jthread> threads;
        for (unsigned i = 1; i < std::min<std::size_t>(jobs, entries.size()); ++i)
            threads.emplace_back(work);
        work();
    }
    std::vector<Node> nodes;
    std::ranges::transform(results, std::back_inserter(nodes), [](auto& result) { return *std::move(result); });
    return nodes;
}

std::string verdict_of(Node const& node)
{
    return node.report.ok() ? std::string(name_of(node.report->verdict)) : "unreadable";
}

std::string reason_of(Node const& node)
{
    if (!node.report.ok())
        return node.report.error().message();
    if (auto const* failure = node.report->first_failure())
        return fmt::format("{}: {}", name_of(failure->id), clause_of(failure->id));
    if (node.report->verdict == Verdict::Trusted && node.report->valid_until)
        return "until " + crypto::to_text(*node.report->valid_until);
    return "not every check could be judged";
}

std::map<std::string, std::size_t> count_verdicts(std::vector<Node> const& nodes)
{
    std::map<std::string, std::size_t> counts { { "trusted", 0 }, { "not_trusted", 0 }, { "unreadable", 0 } };
    for (auto const& node : nodes)
        ++counts[verdict_of(node)];
    return counts;
}

unsigned signatures_of(std::vector<Node> const& nodes, Shared const& shared)
{
    // A shared collateral's signatures are part of each report, and were verified once.
    auto const once = shared.collateral ? shared.collateral->checks().signatures() : 0;
    unsigned count = once;
    for (auto const& node : nodes)
        count += node.report.ok() ? node.report->checks.signatures() - once : 0;
    return count;
}

std::string as_table(std::vector<Node> const& nodes, Shared const& shared)
{
    std::size_t width = 4;
    for (auto const& node : nodes)
        width = std::max(width, printable(node.name, 60).size());
    std::string text;
    for (auto const& node : nodes)
        text += fmt::format("{:{}}  {:11}  {}\n", printable(node.name, 60), width, verdict_of(node),
            printable(reason_of(node)));
    auto const counts = count_verdicts(nodes);
    return text
        + fmt::format("\n{} nodes at {}: {} trusted, {} not trusted, {} unreadable; {} signatures verified\n",
            nodes.size(), crypto::to_text(shared.time), counts.at("trusted"), counts.at("not_trusted"),
            counts.at("unreadable"), signatures_of(nodes, shared));
}

std::string as_json(std::vector<Node> const& nodes, Shared const& shared)
{
    json::Array list;
    for (auto const& node : nodes) {
        auto const* failure = node.report.ok() ? node.report->first_failure() : nullptr;
        list.push_back(json::Object { { "name", node.name }, { "verdict", verdict_of(node) },
            { "first_failure", failure ? json::Value(name_of(failure->id)) : json::Value() },
            { "reason", reason_of(node) } });
    }
    auto const counts = count_verdicts(nodes);
    return json::write_pretty(json::Object { { "judged_at", crypto::to_text(shared.time) },
               { "trusted", counts.at("trusted") }, { "not_trusted", counts.at("not_trusted") },
               { "unreadable", counts.at("unreadable") }, { "signature_checks", signatures_of(nodes, shared) },
               { "nodes", std::move(list) } })
        + "\n";
}

}  // namespace

Result<ExitCode> verify_batch(VerifyOptions const& options, attestation::Policy const& policy, crypto::Time time)
{
    auto const entries = TRY(entries_of(*options.batch));
    Shared shared { .policy = policy, .time = time, .collateral = {} };
    if (options.policy.platform_only)
        shared.policy.scope = attestation::Scope::Platform;
    if (auto const& file = options.collateral.file) {
        auto const collateral =
            TRY(attestation::Collateral::parse(TRY(read_file(*file, file_limit).in("collateral"))).in(file->string()));
        shared.collateral = attestation::VerifiedCollateral::verify(collateral, policy.root(), time);
    }
    auto const jobs = options.jobs != 0 ? options.jobs : std::thread::hardware_concurrency();
    auto const nodes = judge_all(entries, shared, std::clamp(jobs, 1U, most_jobs));
    say("{}", options.json ? as_json(nodes, shared) : as_table(nodes, shared));
    auto const counts = count_verdicts(nodes);
    if (counts.at("not_trusted") > 0)
        return ExitCode::NotTrusted;
    return counts.at("unreadable") > 0 ? ExitCode::Input : ExitCode::Done;
}

}  // namespace mpc::ctl
