#include "net/collateral_source.h"

#include <algorithm>

#include <fmt/format.h>

#include "net/pcs.h"

namespace mpc::net {

namespace {

constexpr char const* intel_host = "api.trustedservices.intel.com";

using attestation::Policy;
using attestation::VerifiedCollateral;

/// One search for collateral.
class Search {
public:
    Search(Platform const& platform, CollateralOptions const& options, Policy const& policy, crypto::Time now)
        : m_platform(platform), m_options(options), m_policy(policy), m_now(now), m_cache(options.cache_directory)
    {
    }

    Result<FetchedCollateral> run(Interrupt const& interrupt)
    {
        auto cached = from_cache();
        if (cached.ok())
            return cached;
        if (m_options.network == Network::Forbidden)
            return nothing_offline(cached.error());
        for (auto const& endpoint : m_options.endpoints) {
            auto fetched = from_endpoint(endpoint, interrupt);
            if (fetched.ok())
                return hand_out(std::move(fetched).value());
            if (fetched.error().kind() == ErrorKind::Interrupted)
                return std::move(fetched).error();
            keep_reason(endpoint.base.display() + ": " + fetched.error().message(), fetched.error().remedy());
        }
        if (m_second_best)
            return hand_out(std::move(*m_second_best));
        return nothing_fetched();
    }

private:
    /// The cache's name for it. Collateral of a simulated root never takes the place of Intel's.
    [[nodiscard]] std::string cache_name() const
    {
        auto name = m_platform.fmspc_hex() + "-" + name_of(m_platform.ca);
        if (m_policy.root() != attestation::TrustRoot::intel())
            name += "-root-" + to_hex(m_policy.root().fingerprint()).substr(0, 16);
        return name;
    }

    [[nodiscard]] std::string wanted() const
    {
        return fmt::format("FMSPC {}, {} CA", m_platform.fmspc_hex(), name_of(m_platform.ca));
    }

    Result<FetchedCollateral> from_cache() const
    {
        auto result = judged(TRY(m_cache.load(cache_name())), "cache");
        if (!result.ok())
            return result;
        TRY(answers_the_question(result->verified));
        if (auto const why = shortfall(result->verified))
            return Error(ErrorKind::Invalid, "what is cached " + *why);
        return result;
    }

    Result<FetchedCollateral> from_endpoint(Endpoint const& endpoint, Interrupt const& interrupt)
    {
        auto const source = endpoint.base.display() + " (fetched)";
        auto result = judged(TRY(fetch_from(endpoint, m_platform, m_options.timeout, interrupt)), source);
        if (!result.ok())
            return result;
        TRY(answers_the_question(result->verified));
        auto const why = shortfall(result->verified);
        if (why) {
            if (!m_second_best)
                m_second_best = std::move(result).value();
            return Error(ErrorKind::Invalid, "its collateral " + *why);
        }
        if (auto const stored = m_cache.store(cache_name(), result->text); !stored.ok())
            keep_reason("not cached: " + stored.error().message(), "");
        return result;
    }

    Result<FetchedCollateral> judged(std::string text, std::string source) const
    {
        auto collateral = TRY(attestation::Collateral::parse(text));
        auto verified = VerifiedCollateral::verify(collateral, m_policy.root(), m_now);
        return FetchedCollateral { .collateral = std::move(collateral),
            .verified = std::move(verified),
            .text = std::move(text),
            .source = std::move(source) };
    }

    /// Whether collateral is of the platform, as far as it is authentic; verify() sees to the rest. Errors: Mismatch.
    [[nodiscard]] Result<void> answers_the_question(VerifiedCollateral const& collateral) const
    {
        auto const* info = collateral.tcb_info();
        if (info && info->fmspc != m_platform.fmspc)
            return Error(ErrorKind::Mismatch, "TCB Info of another platform, FMSPC " + to_hex(info->fmspc));
        auto const* ca = collateral.pck_ca();
        if (!ca)
            return ok;
        auto const found = pck_ca_named(ca->common_name());
        if (!found.ok() || *found != m_platform.ca)
            return Error(ErrorKind::Mismatch, "a PCK CRL of another authority");
        return ok;
    }

    /// Why collateral will not do now and for this policy, as the rest of a sentence; nullopt when it will.
    [[nodiscard]] std::optional<std::string> shortfall(VerifiedCollateral const& collateral) const
    {
        for (auto const& check : collateral.checks()) {
            if (check.result == attestation::CheckResult::Fail)
                return fmt::format("fails {} at {}", name_of(check.id), crypto::to_text(m_now));
        }
        auto const* info = collateral.tcb_info();
        auto const* identity = collateral.qe_identity();
        auto const* crl = collateral.pck_crl();
        if (!info || !identity || !crl)
            return "is not complete";
        auto const oldest = std::min({ info->issue.issued, identity->issue.issued, crl->validity().from });
        if (m_policy.maximum_collateral_age && m_now - oldest > *m_policy.maximum_collateral_age)
            return "is older than the policy allows: from " + crypto::to_text(oldest);
        auto const number = std::min(info->issue.evaluation_number, identity->issue.evaluation_number);
        if (m_policy.minimum_tcb_evaluation_number && number < *m_policy.minimum_tcb_evaluation_number)
            return fmt::format("has the TCB evaluation number {}, less than the policy asks for", number);
        return std::nullopt;
    }

    void keep_reason(std::string reason, std::string const& remedy)
    {
        m_reasons.push_back(std::move(reason));
        if (m_remedy.empty())
            m_remedy = remedy;
    }

    FetchedCollateral hand_out(FetchedCollateral found)
    {
        found.notes = std::move(m_reasons);
        return found;
    }

    [[nodiscard]] Error nothing_offline(Error const& why) const
    {
        return Error(ErrorKind::NotFound,
            "offline, and the cache has no collateral that will do (" + wanted() + "): " + why.message())
            .remedy("Run once without --offline, or give a file with --collateral.");
    }

    [[nodiscard]] Error nothing_fetched() const
    {
        if (m_reasons.empty())
            return Error(ErrorKind::Invalid, "no endpoint to fetch collateral from")
                .remedy("Name one with --pccs URL.");
        return Error(ErrorKind::Unreachable,
            fmt::format("no endpoint gave collateral ({}): {}", wanted(), fmt::join(m_reasons, "; ")))
            .remedy(m_remedy.empty() ? "Name another endpoint with --pccs URL, or give a file with --collateral."
                                     : m_remedy);
    }

    Platform const& m_platform;
    CollateralOptions const& m_options;
    Policy const& m_policy;
    crypto::Time m_now;
    CollateralCache m_cache;
    std::vector<std::string> m_reasons;
    std::string m_remedy;
    std::optional<FetchedCollateral> m_second_best;
};

Error bad_endpoint(std::string const& why)
{
    return Error(ErrorKind::Invalid, "endpoint: " + why)
        .remedy("Write an endpoint as URL[,ca=FILE][,insecure][,root-crl=URL].");
}

Result<Url> base_of(std::string_view text)
{
    auto const url = TRY(Url::parse(text).in("endpoint"));
    if (url.has_query())
        return bad_endpoint("a query (?) is in the address");
    std::string base = url.text();
    auto const drop = [&base](std::string_view end) {
        if (base.ends_with(end))
            base.resize(base.size() - end.size());
    };
    drop("/");
    drop("/sgx/certification/v4");
    return Url::parse(base);
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text)
{
    auto const comma = std::min(text.find(','), text.size());
    Endpoint endpoint { .base = TRY(base_of(text.substr(0, comma))) };
    auto rest = text.substr(comma);
    while (!rest.empty()) {
        rest.remove_prefix(1);
        auto const option = rest.substr(0, rest.find(','));
        rest.remove_prefix(option.size());
        auto const tls_is_set = !std::holds_alternative<SystemStore>(endpoint.tls);
        if (option.starts_with("ca=") && option.size() > 3 && !tls_is_set)
            endpoint.tls = CaFile { option.substr(3) };
        else if (option == "insecure" && !tls_is_set)
            endpoint.tls = InsecureTls();
        else if (option.starts_with("root-crl=") && !endpoint.root_crl)
            endpoint.root_crl = TRY(Url::parse(option.substr(9)).in("endpoint: root-crl"));
        else
            return bad_endpoint("an unknown, repeated or contradictory option");
    }
    if (!endpoint.root_crl && endpoint.base.host() == intel_host)
        endpoint.root_crl = TRY(Url::parse(intel_root_crl));
    return endpoint;
}

std::vector<Endpoint> Endpoint::defaults()
{
    // Constants that a test parses: value() cannot fail.
    return { parse(std::string("https://") + intel_host).value(), parse("https://pccs.phala.network").value() };
}

Result<FetchedCollateral> fetch_collateral(attestation::SignedQuote const& quote, CollateralOptions const& options,
    Policy const& policy, crypto::Time now, Interrupt const& interrupt)
{
    auto const platform = TRY(Platform::of(quote));
    return Search(platform, options, policy, now).run(interrupt);
}

}  // namespace mpc::net
