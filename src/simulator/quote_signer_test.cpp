#include "simulator/quote_signer.h"

#include <gtest/gtest.h>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace mpc::simulator {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::vector<Certificate> certificates_of(std::string_view pem)
{
    std::vector<Certificate> certificates;
    std::unique_ptr<BIO, decltype(&BIO_free)> const memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
        BIO_free);
    while (auto* certificate = PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr))
        certificates.emplace_back(certificate, X509_free);
    return certificates;
}

std::string common_name_of(X509_NAME const* name)
{
    char text[100] {};
    X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof text);
    return text;
}

Bytes point_of(EVP_PKEY* key)
{
    unsigned char* octets = nullptr;
    auto const size = EVP_PKEY_get1_encoded_public_key(key, &octets);
    Bytes const point(octets + 1, octets + size);
    OPENSSL_free(octets);
    return point;
}

/// The P-256 key of x || y.
Key key_of(ByteView point)
{
    Key key(EVP_PKEY_new(), EVP_PKEY_free);
    std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> const context(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr),
        EVP_PKEY_CTX_free);
    EVP_PKEY* parameters = nullptr;
    EVP_PKEY_paramgen_init(context.get());
    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1);
    EVP_PKEY_paramgen(context.get(), &parameters);
    Bytes octets { 4 };
    octets.insert(octets.end(), point.begin(), point.end());
    EVP_PKEY_set1_encoded_public_key(parameters, octets.data(), octets.size());
    return { parameters, EVP_PKEY_free };
}

/// Whether r || s is the key's signature of the message.
bool verifies(EVP_PKEY* key, ByteView message, ByteView r_and_s)
{
    auto* signature = ECDSA_SIG_new();
    ECDSA_SIG_set0(signature, BN_bin2bn(r_and_s.data(), 32, nullptr), BN_bin2bn(r_and_s.data() + 32, 32, nullptr));
    unsigned char* der = nullptr;
    auto const size = i2d_ECDSA_SIG(signature, &der);
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key);
    auto const verified =
        EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(size), message.data(), message.size());
    OPENSSL_free(der);
    ECDSA_SIG_free(signature);
    return verified == 1;
}

std::uint32_t u32_at(ByteView bytes, std::size_t offset)
{
    return bytes[offset] | bytes[offset + 1] << 8 | bytes[offset + 2] << 16
        | static_cast<std::uint32_t>(bytes[offset + 3]) << 24;
}

class QuoteSigner_ : public testing::Test {
protected:
    static evidence::QuoteView report()
    {
        evidence::QuoteView report;
        report.mrtd.fill(1);
        report.mr_config_id.fill(2);
        for (std::uint8_t i = 0; i < 4; ++i) {
            Sha384 value {};
            value.fill(10 + i);
            report.rtmrs[i] = evidence::Rtmr(value);
        }
        report.report_data.fill(3);
        return report;
    }

    QuoteSigner_()
        : m_signer(std::move(QuoteSigner::create(Seed(7))).value()), m_quote(m_signer.quote(report()).value())
    {
    }

    [[nodiscard]] ByteView part(std::size_t offset, std::size_t size) const
    {
        return ByteView(m_quote).subspan(offset, size);
    }

    // Offsets within a version 4 quote whose QE authentication data has 32 bytes.
    static constexpr std::size_t signature = 636, attestation_key = 700, qe_report = 770, qe_signature = 1154,
                                 authentication = 1220, chain = 1258;

    QuoteSigner m_signer;
    Bytes m_quote;
};

using SimulatedQuote = QuoteSigner_;

TEST_F(SimulatedQuote, HoldsTheReportedValues)
{
    auto const view = evidence::parse_quote(m_quote);
    ASSERT_TRUE(view.ok()) << view.error().message();
    EXPECT_EQ(view->version, 4);
    EXPECT_EQ(view->mrtd, report().mrtd);
    EXPECT_EQ(view->mr_config_id, report().mr_config_id);
    EXPECT_EQ(view->rtmrs, report().rtmrs);
    EXPECT_EQ(view->report_data, report().report_data);
}

TEST_F(SimulatedQuote, IsPaddedWithZerosAsDstackDoes)
{
    EXPECT_EQ(m_quote.size(), 5006U);
    auto const end = signature + u32_at(m_quote, 632);
    ASSERT_LT(end, m_quote.size());
    for (auto const byte : part(end, m_quote.size() - end))
        ASSERT_EQ(byte, 0);
}

TEST_F(SimulatedQuote, SizesOfItsSignatureSectionLeaveNoGap)
{
    auto const section = u32_at(m_quote, 632);
    EXPECT_EQ(to_hex(part(764, 2)), "0600");
    EXPECT_EQ(u32_at(m_quote, 766), section - 134);
    EXPECT_EQ(to_hex(part(1218, 2)), "2000");
    EXPECT_EQ(to_hex(part(1252, 2)), "0500");
    EXPECT_EQ(u32_at(m_quote, 1254), section - 622);
    EXPECT_EQ(as_text(part(chain, section - 622)), m_signer.certificate_chain());
}

TEST_F(SimulatedQuote, IsSignedByTheAttestationKey)
{
    auto const key = key_of(part(attestation_key, 64));
    EXPECT_TRUE(verifies(key.get(), part(0, 632), part(signature, 64)));
    m_quote[600] ^= 1;
    EXPECT_FALSE(verifies(key.get(), part(0, 632), part(signature, 64)));
}

TEST_F(SimulatedQuote, HasAnEnclaveThatVouchesForTheAttestationKey)
{
    auto const hash = sha256({ part(attestation_key, 64), part(authentication, 32) });
    EXPECT_EQ(to_hex(part(qe_report + 320, 64)), to_hex(hash) + std::string(64, '0'));
}

TEST_F(SimulatedQuote, HasAnEnclaveReportSignedByThePck)
{
    auto const certificates = certificates_of(m_signer.certificate_chain());
    EXPECT_TRUE(verifies(X509_get0_pubkey(certificates.at(0).get()), part(qe_report, 384), part(qe_signature, 64)));
    m_quote[qe_report] ^= 1;
    EXPECT_FALSE(verifies(X509_get0_pubkey(certificates.at(0).get()), part(qe_report, 384), part(qe_signature, 64)));
}

TEST_F(SimulatedQuote, HasAChainOfThreeThatSaysSimulatedEverywhere)
{
    auto const certificates = certificates_of(m_signer.certificate_chain());
    ASSERT_EQ(certificates.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        auto* const issuer = certificates[std::min<std::size_t>(i + 1, 2)].get();
        EXPECT_EQ(X509_verify(certificates[i].get(), X509_get0_pubkey(issuer)), 1) << i;
        EXPECT_EQ(X509_NAME_cmp(X509_get_issuer_name(certificates[i].get()), X509_get_subject_name(issuer)), 0) << i;
        EXPECT_EQ(X509_check_ca(certificates[i].get()) != 0, i != 0) << i;
        EXPECT_TRUE(common_name_of(X509_get_subject_name(certificates[i].get())).starts_with("SIMULATED ")) << i;
    }
}

TEST_F(SimulatedQuote, OfOneSeedHasTheSameKeysAndOfAnotherSeedOthers)
{
    auto const key_of_pck = [](std::uint64_t seed) {
        auto const signer = std::move(QuoteSigner::create(Seed(seed))).value();
        return to_hex(point_of(X509_get0_pubkey(certificates_of(signer.certificate_chain()).at(0).get())));
    };
    EXPECT_EQ(key_of_pck(7), key_of_pck(7));
    EXPECT_NE(key_of_pck(7), key_of_pck(8));
    auto const again = std::move(QuoteSigner::create(Seed(7))).value().quote(report()).value();
    EXPECT_EQ(to_hex(part(attestation_key, 64)), to_hex(ByteView(again).subspan(attestation_key, 64)));
}

TEST_F(SimulatedQuote, ComesWithACertificateForTheAppWhateverItsName)
{
    auto const pem = m_signer.issue_app_certificate(std::string(200, 'n'));
    ASSERT_TRUE(pem.ok()) << pem.error().message();
    auto const certificates = certificates_of(*pem);
    ASSERT_EQ(certificates.size(), 1U);
    EXPECT_TRUE(common_name_of(X509_get_subject_name(certificates[0].get())).starts_with("SIMULATED nnn"));
}

}  // namespace
}  // namespace mpc::simulator
