// A collateral, judged once; then good for any number of quotes at that time.
#pragma once

#include <optional>

#include "attestation/certificate_checks.h"
#include "attestation/collateral.h"
#include "attestation/policy.h"
#include "attestation/tcb_info.h"

namespace mpc::attestation {

enum class WindowKind { Certificate, RevocationList, SignedText };

/// A period in which something holds: the last second is one in which it still does.
struct Window {
    WindowKind kind;
    std::string what;
    crypto::Time from;
    crypto::Time until;
};

/// The outcomes of the collateral's checks and, of what it says, only what is authentic: an accessor gives nullptr for
/// everything whose chain or signature did not hold. Dates and revocation are in checks() alone: who uses a fact must
/// report the checks with it, as verify() does.
class VerifiedCollateral {
public:
    /// Judges every check of the collateral at that time. Never fails: a report shows what does not hold.
    static VerifiedCollateral verify(Collateral const& collateral, TrustRoot const& root, crypto::Time now);

    [[nodiscard]] Checklist const& checks() const { return m_checks; }
    [[nodiscard]] crypto::Time time() const { return m_time; }
    [[nodiscard]] TrustRoot const& trust_root() const { return m_trust_root; }
    [[nodiscard]] KnownSignatures const& known_signatures() const { return m_known; }
    [[nodiscard]] std::vector<Window> const& windows() const { return m_windows; }

    [[nodiscard]] crypto::Certificate const* root() const { return pointer(m_root); }
    [[nodiscard]] crypto::RevocationList const* root_crl() const { return pointer(m_root_crl); }
    [[nodiscard]] crypto::Certificate const* pck_ca() const { return pointer(m_pck_ca); }
    [[nodiscard]] crypto::RevocationList const* pck_crl() const { return pointer(m_pck_crl); }
    [[nodiscard]] TcbInfo const* tcb_info() const { return pointer(m_tcb_info); }
    [[nodiscard]] QeIdentity const* qe_identity() const { return pointer(m_qe_identity); }

private:
    /// The checks of one signed text: its signer's four and its own four.
    struct SignedTextChecks {
        char const* what;
        CheckId role, certificate, validity, revocation;
        CheckId signature, format, kind, current;
    };

    VerifiedCollateral(TrustRoot const& root, crypto::Time now) : m_trust_root(root), m_time(now) {}
    bool judge_root(Collateral const& collateral);
    void judge_pck_ca(Collateral const& collateral);
    void judge_tcb_info(SignedText const& text);
    void judge_qe_identity(SignedText const& text);
    bool judge_signed_text(SignedText const& text, SignedTextChecks const& ids);
    void judge_current(SignedTextChecks const& ids, Issue const& issue);
    void judge_revocation(CheckId id, crypto::Certificate const& certificate);
    void add_window(WindowKind kind, std::string what, crypto::Validity validity);
    void add_window(std::string what, crypto::RevocationList const& list);

    template <typename T>
    static T const* pointer(std::optional<T> const& value)
    {
        return value ? &*value : nullptr;
    }

    TrustRoot m_trust_root;
    crypto::Time m_time;
    Checklist m_checks;
    KnownSignatures m_known;
    std::vector<Window> m_windows;
    std::optional<crypto::Certificate> m_root;
    std::optional<crypto::RevocationList> m_root_crl;
    std::optional<crypto::Certificate> m_pck_ca;
    std::optional<crypto::RevocationList> m_pck_crl;
    std::optional<TcbInfo> m_tcb_info;
    std::optional<QeIdentity> m_qe_identity;
};

}  // namespace mpc::attestation
