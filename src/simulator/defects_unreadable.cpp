// What makes a file unreadable: framing that no verifier may guess its way through.
#include "simulator/defect_tools.h"

namespace mpc::simulator {

namespace {

constexpr std::optional<attestation::CheckId> none;
constexpr char const* quote_file = "quote.bin";
constexpr char const* collateral_file_name = "collateral.json";

/// One more than there is.
template <std::size_t QuoteOffsets::* Size>
Result<Exhibit> with_size_too_large(AttestedNode const& node)
{
    return with_quote<[](Bytes& quote, QuoteOffsets const& at) { ++quote[at.*Size]; }>(node);
}

/// A chain of these certificates of the quote's three.
Result<Exhibit> with_chain_of_two(AttestedNode const& node)
{
    auto shown = TRY(node.exhibit());
    auto const certificates = TRY(node.issue());
    shown.quote = TRY(node.quote_with(pem_of(certificates.pck) + pem_of(certificates.pck_ca)));
    return shown;
}

constexpr Defect table[] = {
    { "quote-empty", none, quote_file, "quote has no bytes",
        with_quote<[](Bytes& quote, QuoteOffsets const&) { quote.clear(); }> },
    { "quote-cut", none, quote_file, "quote ends within its certificates",
        with_quote<[](Bytes& quote, QuoteOffsets const& at) { quote.resize(at.chain + 100); }> },
    { "quote-trailing-bytes", none, quote_file, "quote is followed by a byte that is not zero",
        with_quote<[](Bytes& quote, QuoteOffsets const&) { quote.push_back(1); }> },
    { "quote-too-long", none, quote_file, "quote is padded with zeros to more than 64 KiB",
        with_quote<[](Bytes& quote, QuoteOffsets const&) { quote.resize((64 << 10) + 1); }> },
    { "quote-version-6", none, quote_file, "quote is of a version that nobody knows",
        with_quote<[](Bytes& quote, QuoteOffsets const&) { quote[0] = 6; }> },
    { "quote-sgx-v3", none, quote_file, "quote is of version 3, as of an SGX enclave",
        with_quote<[](Bytes& quote, QuoteOffsets const&) { quote[0] = 3; }> },
    { "quote-sgx", none, quote_file, "quote is of an SGX enclave",
        with_quote<[](Bytes& quote, QuoteOffsets const&) { quote[4] = 0; }> },
    { "quote-key-type", none, quote_file, "attestation key is of another type (P-384)",
        with_quote<[](Bytes& quote, QuoteOffsets const&) { quote[2] = 3; }> },
    { "quote-body-type", none, quote_file, "quote of version 5 has a body of an unknown type",
        with_quote_v5<[](Bytes& quote, QuoteOffsets const&) { quote[48] = 4; }> },
    { "quote-body-size", none, quote_file, "quote of version 5 has a body of another size than its type's",
        with_quote_v5<[](Bytes& quote, QuoteOffsets const&) { quote[50] ^= 1; }> },
    { "quote-section-size", none, quote_file, "signature section's size is one too large",
        with_size_too_large<&QuoteOffsets::section_size> },
    { "quote-outer-size", none, quote_file, "certification data's size is one too large",
        with_size_too_large<&QuoteOffsets::outer_size> },
    { "quote-inner-size", none, quote_file, "certificate chain's size is one too large",
        with_size_too_large<&QuoteOffsets::inner_size> },
    { "quote-authentication-size", none, quote_file, "QE authentication data is said to have 65535 bytes",
        with_quote<[](Bytes& quote, QuoteOffsets const& at) {
            quote[at.authentication_size] = quote[at.authentication_size + 1] = 0xff;
        }> },
    { "quote-slack", none, quote_file, "certificate chain's size leaves a byte that is in nothing",
        with_quote<[](Bytes& quote, QuoteOffsets const& at) { --quote[at.inner_size]; }> },
    { "quote-certification-type", none, quote_file, "certification data is not of the type that holds a QE report",
        with_quote<[](Bytes& quote, QuoteOffsets const& at) { quote[at.outer_type] = 5; }> },
    { "quote-chain-type", none, quote_file, "quote has an encrypted PPID in the place of certificates",
        with_quote<[](Bytes& quote, QuoteOffsets const& at) { quote[at.inner_type] = 3; }> },
    { "quote-chain-not-pem", none, quote_file, "quote's certificate chain is not PEM",
        with_quote<[](Bytes& quote, QuoteOffsets const& at) { quote[at.chain] = ' '; }> },
    { "quote-chain-of-two", none, quote_file, "quote's certificate chain lacks the root", with_chain_of_two },

    { "collateral-chain-of-one", none, collateral_file_name, "TCB Info's issuer chain lacks the root",
        tampered<[](Exhibit& shown) {
            auto& chain = shown.collateral.tcb_info_issuer_chain;
            chain.resize(chain.rfind("-----BEGIN"));
        }> },
    { "collateral-crl-cut", none, collateral_file_name, "PCK CRL lacks its last byte",
        tampered<[](Exhibit& shown) { shown.collateral.pck_crl.pop_back(); }> },
    { "collateral-crl-pem", none, collateral_file_name, "PCK CRL is PEM, where DER belongs",
        tampered<[](Exhibit& shown) {
            auto const pem =
                "-----BEGIN X509 CRL-----\n" + to_base64(shown.collateral.pck_crl) + "\n-----END X509 CRL-----\n";
            shown.collateral.pck_crl.assign(pem.begin(), pem.end());
        }> },
    { "collateral-crl-delta", none, collateral_file_name, "PCK CRL is a delta, which says only what is new",
        edited<[](AttestedNode& node) { node.pck_crl.is_delta = true; }> },
    { "collateral-crl-unnumbered", none, collateral_file_name, "root CRL has no number",
        edited<[](AttestedNode& node) { node.root_crl.has_number = false; }> },
    { "collateral-sha384", none, collateral_file_name, "TCB signer's certificate is signed with SHA-384",
        edited<[](AttestedNode& node) { node.tcb_signer.digest = "SHA384"; }> },

    { "event-register", none, "tcb_info.json", "log has an event of a register that there is not",
        tampered<[](Exhibit& shown) { shown.log.back().imr = 4; }> },
};

}  // namespace

std::span<Defect const> unreadable_defects() { return table; }

}  // namespace mpc::simulator
