// Intel's provisioning certification API, version 4, as a client.
#pragma once

#include "net/collateral_source.h"
#include "net/platform.h"

namespace mpc::net {

/// Asks one endpoint for everything that a TDX quote of the platform needs, and puts it together as QuoteCollateralV3.
/// The signed texts are the bytes that were sent. Errors: those of get(), Invalid (an answer that is none), each with
/// what was asked for.
[[nodiscard]] Result<std::string> fetch_from(Endpoint const& endpoint, Platform const& platform, Duration timeout,
    Interrupt const& interrupt);

/// The root CA's CRL alone, as DER: the one thing that can be asked for without naming a platform. Errors: those of
/// get(), Invalid.
[[nodiscard]] Result<Bytes> fetch_root_crl(Endpoint const& endpoint, Duration timeout, Interrupt const& interrupt);

}  // namespace mpc::net
