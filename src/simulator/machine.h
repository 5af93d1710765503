// The hardware under a simulated virtual machine: a platform whose certificates are issued, and which quotes.
#pragma once

#include "simulator/measured_vm.h"
#include "simulator/platform.h"
#include "simulator/quote.h"

namespace mpc::simulator {

class Machine {
public:
    /// Everything comes from the seed; the same seed gives the same certificates. Errors: Internal.
    static Result<Machine> create(Seed const& seed);

    /// A version 4 quote of what the virtual machine measures now, padded with zeros as dstack's agents do. Errors:
    /// Internal.
    [[nodiscard]] Result<Bytes> quote(MeasuredVm const& vm, std::array<std::uint8_t, 64> const& report_data) const;

    /// DER of the certificate that everything is traced back to.
    [[nodiscard]] Bytes const& root() const { return m_certificates.root; }
    /// What is published about the platform at that time. Errors: Internal.
    [[nodiscard]] Result<PublishedCollateral> collateral(crypto::Time now) const;
    /// A certificate for the app of a CVM, issued by the root; PEM. Errors: Internal.
    [[nodiscard]] Result<std::string> issue_app_certificate(std::string_view app_name) const;

private:
    Machine(Seed const& seed, Platform platform, IssuedCertificates certificates)
        : m_seed(seed), m_platform(std::move(platform)), m_certificates(std::move(certificates)),
          m_pck_chain(m_certificates.pck_chain()), m_quote(QuoteSpec::of(seed))
    {
    }

    Seed m_seed;
    Platform m_platform;
    IssuedCertificates m_certificates;
    std::string m_pck_chain;
    QuoteSpec m_quote;
};

}  // namespace mpc::simulator
