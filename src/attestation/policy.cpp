#include "attestation/policy.h"

namespace mpc::attestation {

namespace {

/// SHA-256 of the DER of "Intel SGX Root CA", 659 bytes, valid 2018-05-21 to 2049-12-31.
constexpr Sha256 intel_root { 0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8, 0xe1, 0x49, 0xe9, 0x5b, 0x80, 0x7a,
    0x35, 0x0e, 0x74, 0x24, 0x96, 0x43, 0x99, 0xe8, 0x85, 0xa7, 0xcb, 0xb8, 0xcc, 0xfa, 0xb6, 0x74, 0xd3 };

}  // namespace

TrustRoot TrustRoot::intel() { return TrustRoot(intel_root); }

TrustRoot TrustRoot::simulated(SimulatedRoot const& root) { return TrustRoot(sha256({ root.der })); }

bool TrustRoot::is(crypto::Certificate const& certificate) const { return certificate.fingerprint() == m_fingerprint; }

std::string_view name_of(Loosening loosening)
{
    switch (loosening) {
    case Loosening::SimulatedRoot: return "simulated_root";
    case Loosening::DebugTd: return "debug_td";
    case Loosening::MigratableTd: return "migratable_td";
    case Loosening::BoundServiceTd: return "bound_service_td";
    }
    return "unknown";
}

bool Policy::allows(Loosening loosening) const
{
    switch (loosening) {
    case Loosening::SimulatedRoot: return m_simulated_root;
    case Loosening::DebugTd: return m_debug_td;
    case Loosening::MigratableTd: return m_migratable_td;
    case Loosening::BoundServiceTd: return m_bound_service_td;
    }
    return false;
}

std::vector<Loosening> Policy::loosenings() const
{
    std::vector<Loosening> in_force;
    for (auto const loosening :
        { Loosening::SimulatedRoot, Loosening::DebugTd, Loosening::MigratableTd, Loosening::BoundServiceTd }) {
        if (allows(loosening))
            in_force.push_back(loosening);
    }
    return in_force;
}

}  // namespace mpc::attestation
