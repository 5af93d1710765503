// The one loosening of this library: TLS with whoever answers. A type of its own, so that a search for its name finds
// every place that uses it.
#pragma once

namespace mpc::net {

/// Encrypt, but do not ask who is at the other end. Bearable only for data that proves itself, such as collateral.
struct InsecureTls {};

}  // namespace mpc::net
