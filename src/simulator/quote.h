// TDX quotes as Intel's quoting enclave makes them. (Intel TDX DCAP Quoting Library API, appendix A.)
#pragma once

#include "attestation/quote.h"
#include "simulator/signing_key.h"

namespace mpc::simulator {

/// Version 4, or 5 with a TD 1.0 or a TD 1.5 report.
enum class QuoteShape { V4, V5Td10, V5Td15 };

/// The fields of a quote; sign_quote() makes the signatures.
struct QuoteSpec {
    /// An up-to-date virtual machine on an up-to-date platform; what real ones have by chance comes from the seed.
    static QuoteSpec of(Seed const& seed);

    QuoteShape shape = QuoteShape::V4;
    std::string qe_vendor = "939a7233f79c4ca9940a0db3957f0607";  ///< hex of 16 bytes
    Sha256 qe_id {};                                             ///< the first 16 bytes count
    Sha384 mr_seam {};
    attestation::TdReport td {};  ///< without td15, a TD 1.5 runs on what it was launched on, and has no service TD
    Sha256 mr_enclave {};
    attestation::EnclaveReport qe {};  ///< its report data is made from the attestation key
    Bytes qe_authentication {};
    Bytes trailing {};           ///< after the signature section
    std::size_t least_size = 0;  ///< padded with zeros to this size, as dstack's agents do
};

/// The size that dstack's agents pad their quotes to.
inline constexpr std::size_t dstack_quote_size = 5006;

/// The quote, its enclave's report signed by the PCK, with that PEM chain. Errors: Internal; Invalid (the vendor).
[[nodiscard]] Result<Bytes> sign_quote(QuoteSpec const& spec, SigningKey const& attestation_key, SigningKey const& pck,
    std::string_view pck_chain);

}  // namespace mpc::simulator
