// What a verification found.
#pragma once

#include "attestation/quote.h"
#include "attestation/verified_collateral.h"

namespace mpc::attestation {

enum class Verdict { Trusted, NotTrusted };
/// "trusted", "not_trusted".
[[nodiscard]] std::string_view name_of(Verdict verdict);

/// Things worth knowing that no reference judges.
enum class Note {
    TrailingBytes,           ///< zeros follow the quote, as dstack's agents pad it
    QeAuthenticationLength,  ///< the QE's authentication data is not of the usual 32 bytes
    QeReportDataTail,        ///< the second half of the QE's report data is not zero
};
[[nodiscard]] std::string_view name_of(Note note);

/// Intel's judgement of the platform, at launch and (TD 1.5) of what runs now.
struct TcbJudgement {
    TcbStatus status {};  ///< Intel's word
    TcbStatus launch {};
    std::optional<TcbStatus> current;                                ///< TD 1.5 only
    std::optional<TcbStatus> platform, tdx_module, quoting_enclave;  ///< what `launch` is made of
    crypto::Time date {};                                            ///< tcbDate, the earliest
    std::vector<std::string> advisories;                             ///< sorted, each once
    std::uint32_t tcb_info_evaluation_number = 0;
    std::uint32_t qe_identity_evaluation_number = 0;
};

struct Report {
    Verdict verdict = Verdict::NotTrusted;
    Scope scope = Scope::Node;
    crypto::Time judged_at {};
    Checklist checks;                         ///< all of them, in order; also how many signatures were verified
    std::optional<TcbJudgement> tcb;          ///< absent when the platform could not be judged (Intel: NotSupported)
    std::optional<TdReport> measurements;     ///< absent unless the quote is genuine
    std::vector<Window> windows;              ///< of everything authentic
    std::optional<crypto::Time> valid_from;   ///< the second from which all windows are open
    std::optional<crypto::Time> valid_until;  ///< the last such second
    std::vector<Loosening> loosenings;        ///< in force; a report shows them in red
    std::vector<Note> notes;

    /// The first check that failed; nullptr when none did.
    [[nodiscard]] Check const* first_failure() const;
};

}  // namespace mpc::attestation
