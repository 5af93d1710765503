#include "simulator/quote_signer.h"

namespace mpc::simulator {

namespace {

constexpr std::size_t dstack_quote_size = 5006;
constexpr std::uint16_t pck_chain_type = 5;
constexpr std::uint16_t qe_report_type = 6;

/// 00, 01, ... 1f, as in every genuine quote.
constexpr auto qe_authentication_data = [] {
    std::array<std::uint8_t, 32> data {};
    for (std::uint8_t i = 0; i < data.size(); ++i)
        data[i] = i;
    return data;
}();

/// Collects a binary layout from front to back. Integers are little-endian.
class Writer {
public:
    Writer& bytes(ByteView bytes)
    {
        m_bytes.insert(m_bytes.end(), bytes.begin(), bytes.end());
        return *this;
    }
    Writer& hex(std::string_view text) { return bytes(from_hex(text).value()); }
    Writer& zeros(std::size_t count)
    {
        m_bytes.resize(m_bytes.size() + count);
        return *this;
    }
    Writer& u16(std::size_t number) { return integer(number, 2); }
    Writer& u32(std::size_t number) { return integer(number, 4); }
    [[nodiscard]] Bytes take() { return std::move(m_bytes); }

private:
    Writer& integer(std::size_t number, unsigned size)
    {
        for (unsigned i = 0; i < size; ++i)
            m_bytes.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
        return *this;
    }

    Bytes m_bytes;
};

Result<Party> party(Seed const& seed, std::string const& common_name)
{
    auto key = TRY(SigningKey::from(seed.bytes32("key of " + common_name)));
    return Party { .common_name = common_name, .key = std::move(key) };
}

}  // namespace

Result<QuoteSigner> QuoteSigner::create(Seed const& seed)
{
    auto root = TRY(party(seed, "SIMULATED SGX Root CA"));
    auto const ca = TRY(party(seed, "SIMULATED SGX PCK Platform CA"));
    auto pck = TRY(party(seed, "SIMULATED SGX PCK Certificate"));
    auto attestation_key = TRY(SigningKey::from(seed.bytes32("attestation key")));
    auto chain = TRY(issue_certificate(pck, CertificateKind::EndEntity, ca))
        + TRY(issue_certificate(ca, CertificateKind::Authority, root))
        + TRY(issue_certificate(root, CertificateKind::Authority, root));
    return QuoteSigner(seed, std::move(root), std::move(pck), std::move(attestation_key), std::move(chain));
}

Result<Bytes> QuoteSigner::quote(evidence::QuoteView const& report) const
{
    auto const signed_part = header_and_body(report);
    auto const signature = TRY(signature_section(signed_part));
    auto quote = Writer().bytes(signed_part).u32(signature.size()).bytes(signature).take();
    quote.resize(std::max(quote.size(), dstack_quote_size));
    return quote;
}

Result<std::string> QuoteSigner::issue_app_certificate(std::string const& app_name) const
{
    // X.509 allows 64 characters in a common name.
    auto const app = TRY(party(m_seed, "SIMULATED " + app_name.substr(0, 54)));
    return issue_certificate(app, CertificateKind::EndEntity, m_root);
}

/// 48 + 584 bytes: what the attestation key signs.
Bytes QuoteSigner::header_and_body(evidence::QuoteView const& report) const
{
    Writer writer;
    writer.u16(4).u16(2).u32(0x81).zeros(4);         // version, key type, TEE type, reserved
    writer.hex("939a7233f79c4ca9940a0db3957f0607");  // QE vendor: Intel
    writer.bytes(ByteView(m_seed.bytes32("qe id")).first(16)).zeros(4);

    writer.hex("0b010400000000000000000000000000");                       // tee_tcb_svn
    writer.bytes(m_seed.bytes48("mrseam")).zeros(48 + 8);                 // mrseam, mrsignerseam, seamattributes
    writer.hex("0000001000000000");                                       // tdattributes: SEPT_VE_DISABLE
    writer.hex("e702060000000000");                                       // xfam
    writer.bytes(report.mrtd).bytes(report.mr_config_id).zeros(48 + 48);  // ..., mrowner, mrownerconfig
    for (auto const& rtmr : report.rtmrs)
        writer.bytes(rtmr.value());
    return writer.bytes(report.report_data).take();
}

/// 384 bytes: the quoting enclave vouches for the attestation key.
Bytes QuoteSigner::qe_report() const
{
    Writer writer;
    writer.hex("0404191b04ff00060000000000000000");  // cpusvn
    writer.zeros(4 + 28);                            // miscselect, reserved
    writer.hex("1500000000000000e700000000000000");  // attributes
    writer.bytes(m_seed.bytes32("qe mrenclave")).zeros(32);
    writer.bytes(m_seed.bytes32("qe mrsigner")).zeros(96);
    writer.u16(2).u16(6).zeros(60);  // isvprodid, isvsvn, reserved
    return writer.bytes(sha256({ m_attestation_key.public_point(), qe_authentication_data })).zeros(32).take();
}

Result<Bytes> QuoteSigner::signature_section(ByteView signed_part) const
{
    auto const report = qe_report();
    auto const certification = Writer()
                                   .bytes(report)
                                   .bytes(TRY(m_pck.key.sign(report)))
                                   .u16(qe_authentication_data.size())
                                   .bytes(qe_authentication_data)
                                   .u16(pck_chain_type)
                                   .u32(m_chain.size())
                                   .bytes(as_bytes(m_chain))
                                   .take();
    return Writer()
        .bytes(TRY(m_attestation_key.sign(signed_part)))
        .bytes(m_attestation_key.public_point())
        .u16(qe_report_type)
        .u32(certification.size())
        .bytes(certification)
        .take();
}

}  // namespace mpc::simulator
