#include "simulator/quote.h"

#include <algorithm>

namespace mpc::simulator {

namespace {

constexpr std::uint16_t pck_chain_type = 5;
constexpr std::uint16_t qe_report_type = 6;
constexpr std::size_t td10_size = 584;
constexpr std::size_t td15_size = 648;

/// Collects a binary layout from front to back. Integers are little-endian.
class Writer {
public:
    Writer& bytes(ByteView bytes)
    {
        m_bytes.insert(m_bytes.end(), bytes.begin(), bytes.end());
        return *this;
    }
    Writer& zeros(std::size_t count)
    {
        m_bytes.resize(m_bytes.size() + count);
        return *this;
    }
    Writer& u16(std::size_t number) { return integer(number, 2); }
    Writer& u32(std::size_t number) { return integer(number, 4); }
    Writer& u64(std::uint64_t number) { return integer(number, 8); }
    [[nodiscard]] Bytes take() { return std::move(m_bytes); }

private:
    Writer& integer(std::uint64_t number, unsigned size)
    {
        for (unsigned i = 0; i < size; ++i)
            m_bytes.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
        return *this;
    }

    Bytes m_bytes;
};

constexpr std::array<std::uint8_t, 8> xfam { 0xe7, 0x02, 0x06 };

void write_td_report(Writer& writer, QuoteSpec const& spec)
{
    auto const& td = spec.td;
    writer.bytes(td.tee_tcb_svn).bytes(spec.mr_seam).bytes(td.mr_signer_seam).bytes(td.seam_attributes);
    writer.u64(td.td_attributes).bytes(xfam).bytes(td.mrtd).bytes(td.mr_config_id).zeros(96);
    for (auto const& rtmr : td.rtmrs)
        writer.bytes(rtmr.value());
    writer.bytes(td.report_data);
    if (spec.shape == QuoteShape::V5Td15) {
        auto const now = td.td15.value_or(attestation::Td15Fields { td.tee_tcb_svn, {} });
        writer.bytes(now.tee_tcb_svn2).bytes(now.mr_service_td);
    }
}

/// What the attestation key signs.
Result<Bytes> header_and_body(QuoteSpec const& spec)
{
    Writer writer;
    writer.u16(spec.shape == QuoteShape::V4 ? 4 : 5).u16(2).u32(0x81).zeros(4);
    writer.bytes(TRY(from_hex_exactly<16>(spec.qe_vendor))).bytes(ByteView(spec.qe_id).first(16)).zeros(4);
    if (spec.shape == QuoteShape::V5Td10)
        writer.u16(2).u32(td10_size);
    if (spec.shape == QuoteShape::V5Td15)
        writer.u16(3).u32(td15_size);
    write_td_report(writer, spec);
    return writer.take();
}

/// 384 bytes: the quoting enclave vouches for the attestation key.
Bytes enclave_report(QuoteSpec const& spec, ByteView attestation_key)
{
    auto const& qe = spec.qe;
    Writer writer;
    writer.zeros(16).bytes(qe.miscselect).zeros(28).bytes(qe.attributes).bytes(spec.mr_enclave).zeros(32);
    writer.bytes(qe.mrsigner).zeros(96).u16(qe.product_id).u16(qe.isvsvn).zeros(60);
    writer.bytes(sha256({ attestation_key, spec.qe_authentication }));
    return writer.bytes(ByteView(qe.report_data).last(32)).take();
}

}  // namespace

QuoteSpec QuoteSpec::of(Seed const& seed)
{
    QuoteSpec spec;
    spec.qe_id = seed.bytes32("qe id");
    spec.mr_seam = seed.bytes48("mrseam");
    spec.td.tee_tcb_svn = { 5, 1, 4 };
    spec.td.td_attributes = 0x10000000;  // SEPT_VE_DISABLE
    spec.td.mrtd = seed.bytes48("mrtd");
    spec.mr_enclave = seed.bytes32("qe mrenclave");
    spec.qe.attributes = { 0x15, 0, 0, 0, 0, 0, 0, 0, 0xe7 };
    // Intel's: the QE identity names it.
    spec.qe.mrsigner = { 0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
        0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5 };
    spec.qe.product_id = 2;
    spec.qe.isvsvn = 4;
    // 00, 01, ... 1f, as in every genuine quote.
    for (std::uint8_t i = 0; i < 32; ++i)
        spec.qe_authentication.push_back(i);
    return spec;
}

Result<Bytes> sign_quote(QuoteSpec const& spec, SigningKey const& attestation_key, SigningKey const& pck,
    std::string_view pck_chain)
{
    auto const public_key = TRY(attestation_key.point());
    auto const signed_part = TRY(header_and_body(spec));
    auto const report = enclave_report(spec, public_key);
    auto const& authentication = spec.qe_authentication;

    Writer certification;
    certification.bytes(report).bytes(TRY(pck.sign(report)).bytes);
    certification.u16(authentication.size()).bytes(authentication);
    certification.u16(pck_chain_type).u32(pck_chain.size()).bytes(as_bytes(pck_chain));
    auto const certification_data = certification.take();

    Writer section;
    section.bytes(TRY(attestation_key.sign(signed_part)).bytes).bytes(public_key);
    section.u16(qe_report_type).u32(certification_data.size()).bytes(certification_data);
    auto const signature_section = section.take();

    Writer whole;
    whole.bytes(signed_part).u32(signature_section.size()).bytes(signature_section).bytes(spec.trailing);
    auto quote = whole.take();
    quote.resize(std::max(quote.size(), spec.least_size));
    return quote;
}

}  // namespace mpc::simulator
