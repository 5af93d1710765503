// What the caller accepts. A value; where it comes from is the caller's business.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "attestation/loosening.h"
#include "attestation/tcb_status.h"
#include "crypto/certificate.h"
#include "hash/hash.h"
#include "image/digest.h"

namespace mpc::attestation {

/// The certificate everything is traced back to.
class TrustRoot {
public:
    /// Intel SGX Root CA, pinned by the SHA-256 of its whole certificate:
    /// 44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3.
    static TrustRoot intel();
    /// Another root, for simulated evidence only.
    static TrustRoot simulated(SimulatedRoot const& root);

    [[nodiscard]] bool is(crypto::Certificate const& certificate) const;
    [[nodiscard]] Sha256 const& fingerprint() const { return m_fingerprint; }
    bool operator==(TrustRoot const&) const = default;

private:
    explicit TrustRoot(Sha256 const& fingerprint) : m_fingerprint(fingerprint) {}
    Sha256 m_fingerprint;
};

/// What an operating system image and its virtual hardware measure to.
struct MeasurementSet {
    std::string name;
    Sha384 mrtd {};
    Sha384 rtmr0 {};
    Sha384 rtmr1 {};
    Sha384 rtmr2 {};
    Sha384 key_provider_digest {};  ///< digest of the key-provider event
};

/// How far a verification goes.
enum class Scope {
    Platform,  ///< Intel's part: a genuine quote of an up-to-date platform, whatever runs on it
    Node,      ///< that, and what runs on it: every input is required, and every list below
};

/// Loosenings in force, for the report.
enum class Loosening { SimulatedRoot, DebugTd, MigratableTd, BoundServiceTd };
[[nodiscard]] std::string_view name_of(Loosening loosening);

/// The default accepts Intel's root and the status UpToDate, and, its lists being empty, no node at all.
class Policy {
public:
    Scope scope = Scope::Node;
    std::vector<image::ImageDigest> image_digests;  ///< allowed; empty allows nothing
    std::vector<Sha256> launcher_compose_hashes;    ///< allowed; empty allows nothing
    std::vector<MeasurementSet> measurements;       ///< accepted; empty accepts nothing
    std::vector<TcbStatus> tcb_statuses { TcbStatus::UpToDate };
    /// The advisories that may apply to the platform; absent: whichever Intel's status goes with.
    std::optional<std::vector<std::string>> advisories;
    /// How old TCB Info, QE identity and PCK CRL may be, from when they were issued; absent: as long as they are
    /// current.
    std::optional<std::chrono::seconds> maximum_collateral_age;
    /// The least tcbEvaluationDataNumber of TCB Info and of QE identity; against old collateral that is still current.
    std::optional<std::uint32_t> minimum_tcb_evaluation_number;

    void allow(SimulatedRoot const& root) { m_root = TrustRoot::simulated(root), m_simulated_root = true; }
    void allow(DebugTd) { m_debug_td = true; }
    void allow(MigratableTd) { m_migratable_td = true; }
    void allow(BoundServiceTd) { m_bound_service_td = true; }

    [[nodiscard]] TrustRoot const& root() const { return m_root; }
    [[nodiscard]] bool allows(Loosening loosening) const;
    [[nodiscard]] std::vector<Loosening> loosenings() const;

private:
    TrustRoot m_root = TrustRoot::intel();
    bool m_simulated_root = false;
    bool m_debug_td = false;
    bool m_migratable_td = false;
    bool m_bound_service_td = false;
};

}  // namespace mpc::attestation
