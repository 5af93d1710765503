// TDX quotes as Intel's quoting enclave makes them, signed under a root that says what it is: SIMULATED.
#pragma once

#include "evidence/quote.h"
#include "simulator/seed.h"
#include "simulator/signing_key.h"

namespace mpc::simulator {

/// The quoting enclave and the certificates of a simulated machine. Root, PCK CA, PCK and attestation key come from the
/// seed; their certificates' and quotes' signatures are fresh (ECDSA), so equal seeds give equal keys, not equal bytes.
class QuoteSigner {
public:
    /// Errors: Internal.
    static Result<QuoteSigner> create(Seed const& seed);

    /// A version 4 quote with a TD 1.0 report of these registers, padded with zero bytes to the 5006 bytes of dstack.
    /// Its signature section: quote signature, attestation key, and of type 6 the QE report with its signature and, of
    /// type 5, the PEM chain of the PCK. (Intel TDX DCAP Quoting Library API, appendix A.) Errors: Internal.
    [[nodiscard]] Result<Bytes> quote(evidence::QuoteView const& report) const;

    /// PEM: PCK, PCK CA, root.
    [[nodiscard]] std::string const& certificate_chain() const { return m_chain; }
    /// A certificate for the app of a CVM, issued by the root; PEM. Errors: Internal.
    [[nodiscard]] Result<std::string> issue_app_certificate(std::string const& app_name) const;

private:
    QuoteSigner(Seed const& seed, Party root, Party pck, SigningKey attestation_key, std::string chain)
        : m_seed(seed), m_root(std::move(root)), m_pck(std::move(pck)), m_attestation_key(std::move(attestation_key)),
          m_chain(std::move(chain))
    {
    }
    [[nodiscard]] Bytes header_and_body(evidence::QuoteView const& report) const;
    [[nodiscard]] Bytes qe_report() const;
    [[nodiscard]] Result<Bytes> signature_section(ByteView signed_part) const;

    Seed m_seed;
    Party m_root;
    Party m_pck;
    SigningKey m_attestation_key;
    std::string m_chain;
};

}  // namespace mpc::simulator
