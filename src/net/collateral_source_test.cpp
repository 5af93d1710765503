#include "net/collateral_source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "attestation/verify.h"
#include "net/pccs_fixture.h"
#include "support/raised_signal.h"
#include "support/temporary_directory.h"
#include "support/verification.h"

namespace mpc::net {
namespace {

using test::Pccs;
using test::Reply;
using test::TestNode;

constexpr char const* cache_file = "b0c06f000000-platform-root-";

/// A verifier of the test node's quote, with a cache of its own.
class Verifier {
public:
    TestNode node;
    test::BuiltNode built = node.build();
    test::TemporaryDirectory directory;
    CollateralOptions options {
        .endpoints = {}, .cache_directory = directory / "cache/below", .timeout = std::chrono::seconds(2)
    };

    Result<FetchedCollateral> fetch(std::initializer_list<std::string> endpoints = {})
    {
        options.endpoints.clear();
        for (auto const& endpoint : endpoints)
            options.endpoints.push_back(Endpoint::parse(endpoint).value());
        return fetch_collateral(built.evidence.quote, options, built.policy, built.now, Interrupt::never());
    }
    [[nodiscard]] std::string verdict_on(FetchedCollateral const& fetched) const
    {
        return test::failed_checks(attestation::verify(built.evidence, fetched.verified, built.policy));
    }
    /// The one file in the cache; empty when there is none.
    [[nodiscard]] std::filesystem::path cached() const
    {
        std::error_code none;
        for (auto const& entry : std::filesystem::directory_iterator(options.cache_directory, none))
            return entry.path();
        return {};
    }
};

/// The error of fetching from a service with these answers and no other.
std::string error_with(test::PccsAnswers answers)
{
    Verifier verifier;
    Pccs const pccs(std::move(answers));
    auto const fetched = verifier.fetch({ pccs.url() });
    if (fetched.ok())
        return "none";
    EXPECT_EQ(fetched.error().kind(), ErrorKind::Unreachable);
    EXPECT_FALSE(fetched.error().remedy().empty());
    EXPECT_TRUE(verifier.cached().empty());
    return fetched.error().message();
}

/// The same, of the node's answers with one of them replaced.
std::string error_with(char const* path, Reply reply)
{
    auto answers = test::answers_of(TestNode());
    answers[path] = std::move(reply);
    return error_with(std::move(answers));
}

std::string platform_mode(std::filesystem::path const& path)
{
    struct stat status {};
    stat(path.c_str(), &status);
    char text[8];
    std::snprintf(text, sizeof text, "%o", status.st_mode & 0777U);
    return text;
}

TEST(FetchedCollateral, IsGoodForTheQuote)
{
    Verifier verifier;
    Pccs const pccs(verifier.node);
    auto const fetched = verifier.fetch({ pccs.url() });
    ASSERT_TRUE(fetched.ok()) << fetched.error().message();
    EXPECT_EQ(verifier.verdict_on(*fetched), "");
    EXPECT_EQ(fetched->source, pccs.url("/") + " (fetched)");
    EXPECT_TRUE(fetched->notes.empty());
}

TEST(FetchedCollateral, IsAskedForByWhatTheCertificateSays)
{
    Verifier verifier;
    Pccs const pccs(verifier.node);
    ASSERT_TRUE(verifier.fetch({ pccs.url() }).ok());
    std::vector<std::string> const expected { "/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
        "/sgx/certification/v4/rootcacrl", "/tdx/certification/v4/tcb?fmspc=b0c06f000000",
        "/tdx/certification/v4/qe/identity?update=standard" };
    EXPECT_EQ(pccs.targets(), expected);
}

TEST(FetchedCollateral, HasTheVeryBytesThatWereSigned)
{
    Verifier verifier;
    verifier.node.edit_tcb_info = [](std::string text) {
        return "{ \"note\": \"\\u007b \\/ }, [ \\\" ä\",\r\n\t" + text.substr(1, text.size() - 2) + " }";
    };
    verifier.built = verifier.node.build();
    Pccs const pccs(verifier.node);
    auto const fetched = verifier.fetch({ pccs.url() });
    ASSERT_TRUE(fetched.ok()) << fetched.error().message();
    EXPECT_EQ(fetched->collateral.tcb_info.text, verifier.built.collateral.tcb_info.text);
    EXPECT_EQ(verifier.verdict_on(*fetched), "");
}

TEST(FetchedCollateral, IsWrittenAsQuoteCollateralV3)
{
    Verifier verifier;
    Pccs const pccs(verifier.node);
    auto const fetched = verifier.fetch({ pccs.url() });
    ASSERT_TRUE(fetched.ok()) << fetched.error().message();
    auto const expected = simulator::json_of(test::published_by(verifier.node), simulator::BinaryForm::Hex);
    EXPECT_EQ(json::write_canonical(*json::read(fetched->text)), json::write_canonical(expected));
}

TEST(FetchedCollateral, TakesCrlsAsDerHexAndPem)
{
    Verifier verifier;
    verifier.options.cache_directory.clear();
    auto const collateral = test::published_by(verifier.node);
    auto const forms = [](Bytes const& der) {
        auto const pem = "-----BEGIN X509 CRL-----\n" + to_base64(der) + "\n-----END X509 CRL-----\n";
        return std::vector<std::string> { std::string(as_text(der)), to_hex(der) + "\n", pem };
    };
    auto const chain = test::chain_header("SGX-PCK-CRL-Issuer-Chain", collateral.pck_crl_issuer_chain);
    for (std::size_t i = 0; i < 3; ++i) {
        auto answers = test::answers_of(verifier.node);
        answers[test::pck_crl_path] = Reply::of(forms(collateral.pck_crl)[i], chain);
        answers[test::root_crl_path] = Reply::of(forms(collateral.root_ca_crl)[i]);
        Pccs const pccs(answers);
        auto const fetched = verifier.fetch({ pccs.url() });
        ASSERT_TRUE(fetched.ok()) << fetched.error().message();
        EXPECT_EQ(verifier.verdict_on(*fetched), "");
    }
}

TEST(FetchedCollateral, TakesTheTcbInfoChainUnderItsOldName)
{
    Verifier verifier;
    auto answers = test::answers_of(verifier.node);
    auto& bytes = answers[test::tcb_path].bytes;
    bytes.replace(bytes.find("TCB-Info"), 8, "sgx-tcb-info");
    Pccs const pccs(answers);
    EXPECT_TRUE(verifier.fetch({ pccs.url() }).ok());
}

TEST(FetchedCollateral, TakesTheRootCrlFromTheAddressGivenForIt)
{
    Verifier verifier;
    auto answers = test::answers_of(verifier.node);
    Pccs const crls({ { "/root.der",
        std::exchange(answers[test::root_crl_path], Reply::with_status("404 Not Found")) } });
    Pccs const pcs(answers);
    EXPECT_FALSE(verifier.fetch({ pcs.url() }).ok());
    EXPECT_TRUE(verifier.fetch({ pcs.url() + ",root-crl=" + crls.url("/root.der") }).ok());
}

TEST(FetchedCollateral, ComesFromTheNextEndpointWhenOneFails)
{
    Verifier verifier;
    Pccs const empty((test::PccsAnswers()));
    Pccs const good(verifier.node);
    auto const fetched = verifier.fetch({ empty.url(), good.url() });
    ASSERT_TRUE(fetched.ok()) << fetched.error().message();
    EXPECT_EQ(fetched->source, good.url("/") + " (fetched)");
    ASSERT_EQ(fetched->notes.size(), 1U);
    EXPECT_NE(fetched->notes[0].find("PCK CRL: " + empty.url()), std::string::npos) << fetched->notes[0];
    EXPECT_NE(fetched->notes[0].find("404"), std::string::npos);
}

TEST(FetchedCollateral, IsAnErrorThatListsEachEndpointWhenAllFail)
{
    Verifier verifier;
    Pccs const first((test::PccsAnswers()));
    Pccs const second({ { test::pck_crl_path, Reply::with_status("500 Oops") } });
    auto const fetched = verifier.fetch({ first.url(), second.url() });
    ASSERT_FALSE(fetched.ok());
    EXPECT_EQ(fetched.error().kind(), ErrorKind::Unreachable);
    for (auto const& part : { std::string("FMSPC b0c06f000000, platform CA"), first.url(), std::string("404"),
             second.url(), std::string("500") })
        EXPECT_NE(fetched.error().message().find(part), std::string::npos) << part;
    EXPECT_FALSE(fetched.error().remedy().empty());
}

TEST(FetchedCollateral, NeedsAnEndpoint)
{
    Verifier verifier;
    auto const fetched = verifier.fetch({});
    ASSERT_FALSE(fetched.ok());
    EXPECT_NE(fetched.error().remedy().find("--pccs"), std::string::npos);
}

TEST(FetchedCollateral, NeedsEveryAnswer)
{
    for (auto const* path : { test::pck_crl_path, test::root_crl_path, test::tcb_path, test::qe_path }) {
        EXPECT_NE(error_with(path, Reply::with_status("404 Not Found")).find("404"), std::string::npos) << path;
        EXPECT_NE(error_with(path, Reply::of("<html>captive portal</html>")), "none") << path;
    }
}

TEST(FetchedCollateral, NeedsExactlyOneIssuerChain)
{
    auto const collateral = test::published_by(TestNode());
    auto const body = test::signed_body("tcbInfo", collateral.tcb_info, collateral.tcb_info_signature);
    auto const chain = test::chain_header("TCB-Info-Issuer-Chain", collateral.tcb_info_issuer_chain);
    EXPECT_NE(error_with(test::tcb_path, Reply::of(body)).find("no header TCB-Info-Issuer-Chain"), std::string::npos);
    EXPECT_NE(error_with(test::tcb_path, Reply::of(body, chain + "sgx-" + chain)).find("two issuer chains"),
        std::string::npos);
    EXPECT_NE(error_with(test::tcb_path, Reply::of(body, "TCB-Info-Issuer-Chain: a+b\r\n")).find("not encoded"),
        std::string::npos);
}

TEST(FetchedCollateral, IsRefusedWhenItIsOfAnotherPlatform)
{
    TestNode other;
    other.tcb_info.fmspc = "90C06F000000";
    EXPECT_NE(error_with(test::answers_of(other)).find("another platform, FMSPC 90c06f000000"), std::string::npos);
}

TEST(FetchedCollateral, IsRefusedWhenItsCrlIsOfTheOtherAuthority)
{
    TestNode other;
    other.pck_ca.common_name = other.pck_crl.issuer_name = "Intel SGX PCK Processor CA";
    EXPECT_NE(error_with(test::answers_of(other)).find("another authority"), std::string::npos);
}

TEST(FetchedCollateral, ThatIsNotCurrentIsHandedOutOnlyWhenNoEndpointHasBetter)
{
    Verifier verifier;
    TestNode old;
    old.tcb_info.next_update = "2026-08-02T00:00:00Z";
    Pccs const stale(old);
    Pccs const good(verifier.node);
    auto const better = verifier.fetch({ stale.url(), good.url() });
    ASSERT_TRUE(better.ok()) << better.error().message();
    EXPECT_EQ(verifier.verdict_on(*better), "");
    ASSERT_EQ(better->notes.size(), 1U);
    EXPECT_NE(better->notes[0].find("tcb_info_current"), std::string::npos) << better->notes[0];

    std::filesystem::remove(verifier.cached());
    auto const only = verifier.fetch({ stale.url() });
    ASSERT_TRUE(only.ok()) << only.error().message();
    EXPECT_EQ(verifier.verdict_on(*only), "tcb_info_current");
    EXPECT_TRUE(verifier.cached().empty());
}

TEST(FetchedCollateral, EndsWhenASignalAsksItTo)
{
    Verifier verifier;
    auto const interrupt = Interrupt::on_signals({ SIGUSR1 }).value();
    Pccs const silent({ { test::pck_crl_path, { "", Reply::Then::StaySilent } } });
    verifier.options.endpoints = { Endpoint::parse(silent.url()).value(), Endpoint::parse(silent.url()).value() };
    test::RaisedSignal const raised(SIGUSR1);
    auto const fetched = fetch_collateral(verifier.built.evidence.quote, verifier.options, verifier.built.policy,
        verifier.built.now, interrupt);
    ASSERT_FALSE(fetched.ok());
    EXPECT_EQ(fetched.error().kind(), ErrorKind::Interrupted);
}

TEST(CachedCollateral, IsUsedInsteadOfTheNetwork)
{
    Verifier verifier;
    Pccs const pccs(verifier.node);
    ASSERT_TRUE(verifier.fetch({ pccs.url() }).ok());
    auto const again = verifier.fetch({ pccs.url() });
    ASSERT_TRUE(again.ok()) << again.error().message();
    EXPECT_EQ(again->source, "cache");
    EXPECT_EQ(verifier.verdict_on(*again), "");
    EXPECT_EQ(pccs.targets().size(), 4U);
}

TEST(CachedCollateral, IsAFileForItsOwnerAlone)
{
    Verifier verifier;
    Pccs const pccs(verifier.node);
    auto const fetched = verifier.fetch({ pccs.url() });
    ASSERT_TRUE(fetched.ok()) << fetched.error().message();
    auto const file = verifier.cached();
    EXPECT_TRUE(file.filename().string().starts_with(cache_file)) << file;
    EXPECT_EQ(test::content_of(file), fetched->text);
    EXPECT_EQ(platform_mode(file), "600");
    EXPECT_EQ(platform_mode(file.parent_path()), "700");
    EXPECT_EQ(platform_mode(file.parent_path().parent_path()), "700");
}

TEST(CachedCollateral, IsFetchedAgainWhenItIsCorrupt)
{
    Verifier verifier;
    Pccs const pccs(verifier.node);
    auto const fetched = verifier.fetch({ pccs.url() });
    for (auto const& content :
        { std::string(), std::string("{"), fetched->text.substr(0, 500), std::string(3 << 20, ' ') }) {
        std::ofstream(verifier.cached()) << content;
        auto const again = verifier.fetch({ pccs.url() });
        ASSERT_TRUE(again.ok()) << again.error().message();
        EXPECT_NE(again->source, "cache");
        EXPECT_EQ(test::content_of(verifier.cached()), fetched->text);
    }
}

TEST(CachedCollateral, IsFetchedAgainWhenItIsOutOfDate)
{
    Verifier verifier;
    Pccs const pccs(verifier.node);
    ASSERT_TRUE(verifier.fetch({ pccs.url() }).ok());
    verifier.node.issue_collateral_at(test::time_of("2026-10-01T00:00:00Z"));
    verifier.built = verifier.node.build();
    verifier.built.now = test::time_of("2026-10-02T00:00:00Z");
    Pccs const newer(verifier.node);
    auto const fetched = verifier.fetch({ newer.url() });
    ASSERT_TRUE(fetched.ok()) << fetched.error().message();
    EXPECT_EQ(fetched->source, newer.url("/") + " (fetched)");
}

TEST(CachedCollateral, IsFetchedAgainWhenThePolicyAsksForNewer)
{
    Verifier verifier;
    Pccs const pccs(verifier.node);
    ASSERT_TRUE(verifier.fetch({ pccs.url() }).ok());
    verifier.built.policy.maximum_collateral_age = std::chrono::days(14);
    EXPECT_EQ(verifier.fetch({ pccs.url() })->source, "cache");
    verifier.built.policy.maximum_collateral_age = std::chrono::days(13);
    EXPECT_NE(verifier.fetch({ pccs.url() })->source, "cache");
    verifier.built.policy.maximum_collateral_age.reset();
    verifier.built.policy.minimum_tcb_evaluation_number = 19;
    EXPECT_EQ(verifier.fetch({ pccs.url() })->source, "cache");
    verifier.built.policy.minimum_tcb_evaluation_number = 20;
    EXPECT_NE(verifier.fetch({ pccs.url() })->source, "cache");
}

TEST(CachedCollateral, OfAnotherRootIsNotTakenAndNotReplaced)
{
    Verifier verifier;
    Pccs const pccs(verifier.node);
    ASSERT_TRUE(verifier.fetch({ pccs.url() }).ok());
    auto const file = verifier.cached();
    verifier.built.policy = attestation::Policy();
    auto const fetched = verifier.fetch({ pccs.url() });
    ASSERT_TRUE(fetched.ok()) << fetched.error().message();
    EXPECT_NE(fetched->source, "cache");
    EXPECT_EQ(fetched->verified.root(), nullptr);
    EXPECT_EQ(verifier.cached(), file);
}

TEST(CachedCollateral, IsNoErrorWhenItCannotBeWritten)
{
    Verifier verifier;
    verifier.options.cache_directory = verifier.directory.write("file", "") / "below";
    Pccs const pccs(verifier.node);
    auto const fetched = verifier.fetch({ pccs.url() });
    ASSERT_TRUE(fetched.ok()) << fetched.error().message();
    ASSERT_EQ(fetched->notes.size(), 1U);
    EXPECT_TRUE(fetched->notes[0].starts_with("not cached: ")) << fetched->notes[0];
}

TEST(OfflineCollateral, ComesFromTheCacheAlone)
{
    Verifier verifier;
    Pccs const pccs(verifier.node);
    verifier.options.network = Network::Forbidden;
    auto const none = verifier.fetch({ pccs.url() });
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().kind(), ErrorKind::NotFound);
    EXPECT_NE(none.error().remedy().find("--collateral"), std::string::npos);
    EXPECT_TRUE(pccs.targets().empty());

    verifier.options.network = Network::Allowed;
    ASSERT_TRUE(verifier.fetch({ pccs.url() }).ok());
    verifier.options.network = Network::Forbidden;
    EXPECT_EQ(verifier.fetch({})->source, "cache");
}

TEST(OfflineCollateral, SaysWhyWhatIsCachedWillNotDo)
{
    Verifier verifier;
    Pccs const pccs(verifier.node);
    ASSERT_TRUE(verifier.fetch({ pccs.url() }).ok());
    verifier.options.network = Network::Forbidden;
    verifier.built.now = test::time_of("2026-09-15T00:00:00Z");
    auto const old = verifier.fetch({});
    ASSERT_FALSE(old.ok());
    EXPECT_NE(old.error().message().find("root_crl_current at 2026-09-15T00:00:00Z"), std::string::npos)
        << old.error().message();
}

}  // namespace
}  // namespace mpc::net
