// A node whose evidence verifies under a root of our own, and every part of which a test can make wrong in one way:
// before build(), so that everything else is signed and measured to fit, or after it, so that it is tampering.
#pragma once

#include <functional>

#include "attestation/verify.h"
#include "support/test_pki.h"

namespace mpc::test {

/// A TCB level as Intel writes it.
struct LevelSpec {
    std::array<unsigned, 16> sgx { 4, 4, 2, 2, 4, 1, 0, 5 };
    unsigned pcesvn = 11;
    std::array<unsigned, 16> tdx { 5, 0, 4 };
    std::string status = "UpToDate";
    std::vector<std::string> advisories {};
    std::string date = "2025-08-13T00:00:00Z";
};

struct EnclaveLevelSpec {
    unsigned isvsvn = 0;
    std::string status = "UpToDate";
    std::vector<std::string> advisories {};
    std::string date = "2025-08-13T00:00:00Z";
};

struct ModuleSpec {
    std::string id;
    std::string mrsigner = std::string(96, '0');
    std::string attributes = "0000000000000000";
    std::string attributes_mask = "FFFFFFFFFFFFFFFF";
    std::vector<EnclaveLevelSpec> levels { { .isvsvn = 5 } };
};

struct TcbInfoSpec {
    std::string id = "TDX";
    unsigned version = 3;
    unsigned tcb_type = 0;
    std::string issue_date = "2026-08-01T00:00:00Z";
    std::string next_update = "2026-08-31T00:00:00Z";
    std::string fmspc = "B0C06F000000";
    std::string pceid = "0000";
    unsigned evaluation_number = 20;
    ModuleSpec base_module {};
    std::vector<ModuleSpec> modules { { .id = "TDX_01" } };
    std::vector<LevelSpec> levels { LevelSpec() };
};
[[nodiscard]] std::string json_of(TcbInfoSpec const& spec);

struct QeIdentitySpec {
    std::string id = "TD_QE";
    unsigned version = 2;
    std::string issue_date = "2026-08-01T00:00:00Z";
    std::string next_update = "2026-08-31T00:00:00Z";
    unsigned evaluation_number = 19;
    std::string miscselect = "00000000";
    std::string miscselect_mask = "FFFFFFFF";
    std::string attributes = "11000000000000000000000000000000";
    std::string attributes_mask = "FBFFFFFFFFFFFFFF0000000000000000";
    std::string mrsigner = "DC9E2A7C6F948F17474E34A7FC43ED030F7C1563F1BABDDF6340C82E0E54A8C5";
    unsigned product_id = 2;
    std::vector<EnclaveLevelSpec> levels { { .isvsvn = 4 } };
};
[[nodiscard]] std::string json_of(QeIdentitySpec const& spec);

/// The fields of a quote; the signatures are made by quote_bytes().
struct QuoteSpec {
    std::uint16_t version = 4;
    bool td15 = false;
    std::string qe_vendor = "939a7233f79c4ca9940a0db3957f0607";
    attestation::TdReport td {};
    attestation::EnclaveReport qe {};
    Bytes qe_authentication = Bytes(32, 0x5a);
    Bytes trailing {};
};

/// What a test works with after build().
struct BuiltNode {
    attestation::Evidence evidence;
    attestation::Collateral collateral;
    attestation::Policy policy;
    crypto::Time now;

    [[nodiscard]] attestation::Report verify() const { return attestation::verify(evidence, collateral, policy, now); }
};

struct TestNode {
    TestNode();

    crypto::Time now;
    CertificateSpec root, pck_ca, tcb_signer, pck;
    SgxExtensionSpec sgx_extension;
    CrlSpec root_crl, pck_crl;
    TcbInfoSpec tcb_info;
    QeIdentitySpec qe_identity;
    std::function<std::string(std::string)> edit_tcb_info;  ///< before it is signed
    std::function<std::string(std::string)> edit_qe_identity;
    QuoteSpec quote;
    evidence::EventLog log;
    std::string app_compose;
    std::string receipt;  ///< when not empty, the quote is for it and not for the keys
    attestation::NodeKeys keys {};

    /// Puts the app-compose's hash into the log, as dstack would.
    void set_app_compose(std::string text);
    /// Everything signed and measured to fit: trusted as it stands.
    [[nodiscard]] BuiltNode build() const;
    /// The quote alone, for tests of its framing. Needs what build() measures.
    [[nodiscard]] Bytes quote_bytes() const;

private:
    [[nodiscard]] attestation::TdReport measured() const;
    [[nodiscard]] Bytes pck_chain_pem() const;
    [[nodiscard]] attestation::Collateral build_collateral() const;
};

/// An event of RTMR3.
[[nodiscard]] evidence::Event runtime_event(std::string name, Bytes payload = {});

}  // namespace mpc::test
