#include "mpcctl/verify.h"

#include <cstdlib>
#include <unistd.h>

#include "base/fd.h"
#include "mpcctl/option_values.h"
#include "mpcctl/output_file.h"
#include "mpcctl/policy_file.h"
#include "mpcctl/say.h"
#include "mpcctl/verify_batch.h"
#include "net/collateral_source.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t file_limit = std::size_t { 16 } << 20;

/// Judged once, when it was chosen.
struct UsedCollateral {
    attestation::Collateral collateral;
    attestation::VerifiedCollateral verified;
    std::string source;
};

Result<net::CollateralOptions> net_options(CollateralInput const& input)
{
    net::CollateralOptions options { .cache_directory =
                                         input.cache.value_or(net::default_cache_directory().value_or("")) };
    if (!input.endpoints.empty())
        options.endpoints.clear();
    for (auto const& endpoint : input.endpoints)
        options.endpoints.push_back(TRY(net::Endpoint::parse(endpoint).exit_as(mpc::ExitCode::Usage)));
    options.network = input.offline ? net::Network::Forbidden : net::Network::Allowed;
    return options;
}

Result<UsedCollateral> judged(attestation::Collateral collateral, attestation::Policy const& policy, crypto::Time time,
    std::string source)
{
    auto verified = attestation::VerifiedCollateral::verify(collateral, policy.root(), time);
    return UsedCollateral { std::move(collateral), std::move(verified), std::move(source) };
}

/// A file if one is named; else what came with the evidence, unless a newer one is asked for; else what Intel or a PCCS
/// says.
Result<UsedCollateral> collateral_for(CollateralInput const& input, GatheredEvidence const& gathered,
    attestation::Policy const& policy, crypto::Time time, Interrupt const& interrupt)
{
    if (input.file) {
        auto const text = TRY(read_file(*input.file, file_limit).in("collateral"));
        auto collateral = TRY(attestation::Collateral::parse(text).in(input.file->string()));
        return judged(std::move(collateral), policy, time, input.file->string());
    }
    if (gathered.collateral && !input.fetch && input.endpoints.empty())
        return judged(*gathered.collateral, policy, time, "in the public data, from when the node started");
    auto const options = TRY(net_options(input));
    auto fetched =
        TRY(from_other_side(net::fetch_collateral(gathered.evidence.quote, options, policy, time, interrupt)));
    for (auto const& note : fetched.notes)
        say(stderr, "mpcctl: collateral: {}\n", note);
    if (input.save)
        TRY(write_output(*input.save, fetched.text).in("--save-collateral"));
    return UsedCollateral { std::move(fetched.collateral), std::move(fetched.verified), std::move(fetched.source) };
}

Result<std::optional<crypto::Time>> optional_moment(std::optional<std::string> const& text)
{
    if (!text)
        return std::optional<crypto::Time>();
    return std::optional(TRY(parse_moment(*text)));
}

Result<attestation::ForecastFacts> forecast_facts(VerifyOptions const& options)
{
    attestation::ForecastFacts facts;
    facts.submitted_at = TRY(optional_moment(options.submitted_at).in("--submitted-at"));
    facts.image_digest_deadline = TRY(optional_moment(options.image_deadline).in("--image-deadline"));
    return facts;
}

Result<void> print(report::Document const& document, VerifyOptions const& options)
{
    if (options.html)
        TRY(write_output(*options.html, report::as_html(document)).in("--html"));
    bool const colour = isatty(STDOUT_FILENO) == 1 && !std::getenv("NO_COLOR");
    say("{}",
        options.json ? report::as_json(document)
                     : report::as_table(document, colour ? report::Colour::Always : report::Colour::Never));
    return ok;
}

}  // namespace

Result<attestation::Policy> policy_of(PolicyOptions const& options)
{
    auto policy = options.file ? TRY(read_policy(*options.file)) : attestation::Policy();
    for (auto const& text : options.image_digests)
        policy.image_digests.push_back(TRY(parse_image_digest(text).in("--image-digest")));
    for (auto const& path : options.launcher_composes)
        policy.launcher_compose_hashes.push_back(
            sha256({ as_bytes(TRY(read_file(path, file_limit).in("launcher compose"))) }));
    for (auto const& path : options.measurements) {
        auto const info =
            TRY(attestation::DstackInfo::parse(TRY(read_file(path, file_limit).in("measurements"))).in(path.string()));
        policy.measurements.push_back(
            TRY(attestation::measurement_set_of(info, path.filename().string()).in(path.string())));
    }
    if (options.simulated_root)
        policy.allow(TRY(read_simulated_root(*options.simulated_root)));
    return policy;
}

Result<report::Document> judge(VerifyOptions const& options, attestation::Policy policy, Interrupt const& interrupt)
{
    auto const time = TRY(moment_or_now(options.at));
    auto const facts = TRY(forecast_facts(options));
    auto gathered = TRY(gather_evidence(options.evidence, interrupt));
    policy.scope =
        options.policy.platform_only || (gathered.scope == attestation::Scope::Platform && !options.policy.file)
        ? attestation::Scope::Platform
        : attestation::Scope::Node;
    auto collateral = TRY(collateral_for(options.collateral, gathered, policy, time, interrupt));

    auto report = attestation::verify(gathered.evidence, collateral.verified, policy);
    auto prospects = attestation::forecast(report, policy, facts);
    return report::Document { .report = std::move(report),
        .evidence = std::move(gathered.evidence),
        .collateral = std::move(collateral.collateral),
        .forecast = std::move(prospects),
        .evidence_source = std::move(gathered.source),
        .collateral_source = std::move(collateral.source) };
}

Result<ExitCode> run(VerifyOptions const& options, Interrupt const& interrupt)
{
    auto policy = TRY(policy_of(options.policy));
    if (options.batch)
        return verify_batch(options, policy, TRY(moment_or_now(options.at)));
    auto const document = TRY(judge(options, std::move(policy), interrupt));
    TRY(print(document, options));
    return document.report.verdict == attestation::Verdict::Trusted ? ExitCode::Done : ExitCode::NotTrusted;
}

}  // namespace mpc::ctl
