// A TDX quote with its signature section: everything that is in it, and nothing of it believed yet.
// Source: Intel TDX DCAP Quoting Library API, appendix A; ../shared/reference/dcap.md section 1.
#pragma once

#include <optional>

#include "crypto/certificate.h"
#include "evidence/event_log.h"

namespace mpc::attestation {

/// TD 1.5 adds what the TD runs on now; the fields above are from when it was launched.
struct Td15Fields {
    std::array<std::uint8_t, 16> tee_tcb_svn2 {};
    std::array<std::uint8_t, 48> mr_service_td {};
};

struct TdReport {
    std::array<std::uint8_t, 16> tee_tcb_svn {};
    std::array<std::uint8_t, 48> mr_signer_seam {};
    std::array<std::uint8_t, 8> seam_attributes {};
    std::uint64_t td_attributes = 0;
    std::array<std::uint8_t, 48> mrtd {};
    std::array<std::uint8_t, 48> mr_config_id {};
    std::array<evidence::Rtmr, 4> rtmrs {};
    std::array<std::uint8_t, 64> report_data {};
    std::optional<Td15Fields> td15;
};

/// The quoting enclave's own report.
struct EnclaveReport {
    std::array<std::uint8_t, 4> miscselect {};
    std::array<std::uint8_t, 16> attributes {};
    std::array<std::uint8_t, 32> mrsigner {};
    std::uint16_t product_id = 0;
    std::uint16_t isvsvn = 0;
    std::array<std::uint8_t, 64> report_data {};
};

struct SignedQuote {
    std::uint16_t version = 0;
    std::array<std::uint8_t, 16> qe_vendor {};
    TdReport td;
    Bytes signed_bytes;               ///< header to TD report
    crypto::P256Signature signature;  ///< over signed_bytes, by the attestation key
    std::array<std::uint8_t, 64> attestation_key {};
    Bytes qe_report_bytes;  ///< 384 bytes
    EnclaveReport qe_report;
    crypto::P256Signature qe_report_signature;  ///< over qe_report_bytes, by the PCK
    Bytes qe_authentication;
    std::vector<crypto::Certificate> pck_chain;  ///< PCK, PCK CA, root
    std::size_t trailing_bytes = 0;              ///< zeros after the signature section

    /// At most 64 KiB. Version 4 or 5, TD 1.0 or 1.5, ECDSA P-256; certification data of type 6 holding one of type 5.
    /// Every nested length must fill its parent exactly: those bytes are not signed. Tolerated, because real quotes
    /// have them: zeros after the signature section, and NULs after the PEM chain. Errors: Invalid, named.
    static Result<SignedQuote> parse(ByteView quote);
};

}  // namespace mpc::attestation
