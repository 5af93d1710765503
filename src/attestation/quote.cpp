#include "attestation/quote.h"

#include <algorithm>

#include "evidence/quote.h"
#include "evidence/reader.h"

namespace mpc::attestation {

namespace {

using evidence::Reader;

constexpr std::size_t most_quote_bytes = 64 << 10;
constexpr std::uint16_t qe_report_certification = 6;
constexpr std::uint16_t pck_chain_certification = 5;
constexpr std::uint16_t td15_body = 3;

Error invalid(std::string message) { return { ErrorKind::Invalid, "quote: " + std::move(message) }; }

Result<TdReport> read_td_report(Reader& reader, bool td15)
{
    TdReport td;
    td.tee_tcb_svn = TRY(reader.array<16>("TEE_TCB_SVN"));
    TRY(reader.take(48, "MRSEAM"));
    td.mr_signer_seam = TRY(reader.array<48>("MRSIGNERSEAM"));
    td.seam_attributes = TRY(reader.array<8>("SEAMATTRIBUTES"));
    td.td_attributes = TRY(reader.u64("TDATTRIBUTES"));
    TRY(reader.take(8, "XFAM"));
    td.mrtd = TRY(reader.array<48>("MRTD"));
    td.mr_config_id = TRY(reader.array<48>("MRCONFIGID"));
    TRY(reader.take(96, "MROWNER and MROWNERCONFIG"));
    for (auto& rtmr : td.rtmrs)
        rtmr = evidence::Rtmr(TRY(reader.array<48>("RTMR")));
    td.report_data = TRY(reader.array<64>("REPORTDATA"));
    if (td15)
        td.td15 = Td15Fields { TRY(reader.array<16>("TEE_TCB_SVN_2")), TRY(reader.array<48>("MRSERVICETD")) };
    return td;
}

Result<EnclaveReport> read_enclave_report(ByteView bytes)
{
    Reader reader(bytes);
    EnclaveReport report;
    TRY(reader.take(16, "CPUSVN"));
    report.miscselect = TRY(reader.array<4>("MISCSELECT"));
    TRY(reader.take(28, "reserved"));
    report.attributes = TRY(reader.array<16>("ATTRIBUTES"));
    TRY(reader.take(64, "MRENCLAVE"));
    report.mrsigner = TRY(reader.array<32>("MRSIGNER"));
    TRY(reader.take(96, "reserved"));
    report.product_id = TRY(reader.u16("ISVPRODID"));
    report.isvsvn = TRY(reader.u16("ISVSVN"));
    TRY(reader.take(60, "reserved"));
    report.report_data = TRY(reader.array<64>("REPORTDATA"));
    return report;
}

/// A type and a length, and content that must fill the rest of what it is in.
Result<ByteView> read_certification(Reader& reader, std::uint16_t expected_type)
{
    auto const type = TRY(reader.u16("certification data type"));
    if (type != expected_type)
        return invalid("certification data of type " + std::to_string(type) + " instead of "
            + std::to_string(expected_type));
    auto const size = TRY(reader.u32("certification data size"));
    auto const content = TRY(reader.take(size, "certification data"));
    if (reader.left() != 0)
        return invalid(std::to_string(reader.left()) + " bytes after the certification data");
    return content;
}

Result<void> read_qe_part(ByteView bytes, SignedQuote& quote)
{
    Reader reader(bytes);
    auto const report = TRY(reader.take(384, "QE report"));
    quote.qe_report_bytes.assign(report.begin(), report.end());
    quote.qe_report = TRY(read_enclave_report(report));
    quote.qe_report_signature.bytes = TRY(reader.array<64>("QE report signature"));
    auto const size = TRY(reader.u16("QE authentication data size"));
    auto const authentication = TRY(reader.take(size, "QE authentication data"));
    quote.qe_authentication.assign(authentication.begin(), authentication.end());
    auto pem = as_text(TRY(read_certification(reader, pck_chain_certification)));
    pem = pem.substr(0, pem.find_last_not_of('\0') + 1);
    quote.pck_chain = TRY(crypto::parse_chain(pem, 3).in("quote: PCK chain"));
    return ok;
}

}  // namespace

Result<SignedQuote> SignedQuote::parse(ByteView bytes)
{
    if (bytes.size() > most_quote_bytes)
        return invalid("more than 64 KiB");
    SignedQuote quote;
    quote.version = TRY(evidence::parse_quote(bytes)).version;  // judges header, body type and sizes

    Reader reader(bytes);
    TRY(reader.take(12, "header"));
    quote.qe_vendor = TRY(reader.array<16>("QE vendor id"));
    TRY(reader.take(20, "user data"));
    bool td15 = false;
    if (quote.version == 5) {
        td15 = TRY(reader.u16("body type")) == td15_body;
        TRY(reader.take(4, "body size"));
    }
    quote.td = TRY(read_td_report(reader, td15));
    auto const signed_part = bytes.first(reader.offset());
    quote.signed_bytes.assign(signed_part.begin(), signed_part.end());

    Reader section(TRY(reader.take(TRY(reader.u32("signature section size")), "signature section")));
    quote.trailing_bytes = reader.left();
    quote.signature.bytes = TRY(section.array<64>("signature"));
    quote.attestation_key = TRY(section.array<64>("attestation key"));
    TRY(read_qe_part(TRY(read_certification(section, qe_report_certification)), quote));
    return quote;
}

}  // namespace mpc::attestation
