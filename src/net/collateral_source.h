// Collateral for a quote: from the cache, or fetched from a provisioning certification service, Intel's (PCS) or one
// that mirrors it (PCCS). Whatever comes out is untrusted; attestation::verify() decides.
#pragma once

#include "attestation/quote.h"
#include "attestation/verified_collateral.h"
#include "net/collateral_cache.h"
#include "net/http_get.h"

namespace mpc::net {

/// A service that has collateral.
struct Endpoint {
    Url base;  ///< below it are sgx/certification/v4/... and tdx/certification/v4/...
    TlsTrust tls = SystemStore();
    /// Where the root CA's CRL is. Absent: at the service itself, .../rootcacrl, which only a PCCS has.
    std::optional<Url> root_crl {};

    /// URL[,ca=FILE][,insecure][,root-crl=URL]. A path that ends with /sgx/certification/v4, as Intel's configuration
    /// files have it, is accepted. Intel's own service gets the root CRL's address by itself. Errors: Invalid.
    static Result<Endpoint> parse(std::string_view text);
    /// https://api.trustedservices.intel.com, then https://pccs.phala.network.
    static std::vector<Endpoint> defaults();
};

/// Where Intel publishes the root CA's CRL. It is the distribution point that the pinned root certificate names; a
/// constant, because the certificates of a quote that nobody has verified must not choose whom we connect to.
inline constexpr char const* intel_root_crl = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

enum class Network { Allowed, Forbidden };

struct CollateralOptions {
    std::vector<Endpoint> endpoints = Endpoint::defaults();  ///< in order of preference
    std::filesystem::path cache_directory {};                ///< empty: no cache
    Network network = Network::Allowed;
    Duration timeout = std::chrono::seconds(10);  ///< for one request; an endpoint gets four
};

struct FetchedCollateral {
    attestation::Collateral collateral;
    attestation::VerifiedCollateral verified;  ///< judged at `now` under the policy's root, ready for verify()
    std::string text;                          ///< QuoteCollateralV3 as JSON, for a file
    std::string source;                        ///< for people: "https://pccs.example (fetched)", "cache"
    std::vector<std::string> notes {};         ///< for people: what failed on the way
};

/// Collateral for the platform that the quote's PCK certificate names.
///
/// From the cache when what is there holds at `now` and suffices the policy (its root, maximum age, minimum evaluation
/// number); whatever else is there is fetched again. Endpoints are asked in order until one gives collateral that holds
/// and suffices, which is then cached. When some give collateral but none that suffices, the first such is returned,
/// not cached: verify() will say what is wrong with it.
///
/// Errors: Invalid (the quote's PCK names no platform), Unreachable (no endpoint gave collateral: each with its
/// reason), NotFound (Network::Forbidden, and the cache has none that will do), Interrupted.
[[nodiscard]] Result<FetchedCollateral> fetch_collateral(attestation::SignedQuote const& quote,
    CollateralOptions const& options, attestation::Policy const& policy, crypto::Time now, Interrupt const& interrupt);

}  // namespace mpc::net
