#include <algorithm>

#include "attestation/app_compose.h"
#include "attestation/public_data.h"
#include "attestation/sgx_extension.h"
#include "attestation/tcb_evaluation.h"
#include "evidence/quote.h"
#include "fuzz/targets.h"
#include "mpcctl/evidence_input.h"
#include "mpcctl/policy_file.h"
#include "mpcctl/predict.h"
#include "net/collateral_source.h"
#include "net/pcs_response.h"
#include "simulator/evidence_files.h"
#include "simulator/guest_agent_json.h"
#include "simulator/measured_vm.h"
#include "support/test_node.h"

namespace mpc::fuzz {

namespace {

using Seeds = std::vector<std::string>;

std::vector<Bytes> quotes_of_every_shape()
{
    std::vector<Bytes> quotes;
    for (auto const shape : { test::QuoteShape::V4, test::QuoteShape::V5Td10, test::QuoteShape::V5Td15 }) {
        test::TestNode node;
        node.quote.shape = shape;
        quotes.push_back(node.quote_bytes());
    }
    return quotes;
}

/// A node that is trusted as it stands. Whoever has none of its keys must not get another one trusted in its place.
struct World {
    test::TestNode node;
    test::BuiltNode built = node.build();
    simulator::Exhibit shown = node.exhibit().value();
    attestation::VerifiedCollateral verified =
        attestation::VerifiedCollateral::verify(built.collateral, built.policy.root(), built.now);

    std::vector<Bytes> quotes = quotes_of_every_shape();

    /// What the node's keys signed, and nothing else is ever trusted.
    [[nodiscard]] bool has_signed(ByteView signed_bytes) const
    {
        return std::ranges::any_of(quotes, [&](Bytes const& quote) {
            return quote.size() > signed_bytes.size()
                && std::ranges::equal(ByteView(quote).first(signed_bytes.size()), signed_bytes);
        });
    }
    [[nodiscard]] bool trusts(attestation::Evidence const& evidence) const
    {
        return attestation::verify(evidence, verified, built.policy).verdict == attestation::Verdict::Trusted;
    }
};

World const& world()
{
    static World const world;
    return world;
}

std::string text_of(ByteView bytes) { return std::string(as_text(bytes)); }

void quote(ByteView bytes)
{
    auto const view = evidence::parse_quote(bytes);
    auto const parsed = attestation::SignedQuote::parse(bytes);
    if (!parsed.ok())
        return;
    // The launcher's reader and the verifier's see the same.
    require(view.ok() && view->rtmrs == parsed->td.rtmrs && view->report_data == parsed->td.report_data);
    auto evidence = world().built.evidence;
    evidence.quote = *parsed;
    if (world().trusts(evidence))
        require(world().has_signed(parsed->signed_bytes));
}

void collateral(ByteView bytes)
{
    auto const parsed = attestation::Collateral::parse(as_text(bytes));
    if (!parsed.ok())
        return;
    auto const& built = world().built;
    auto const verified = attestation::VerifiedCollateral::verify(*parsed, built.policy.root(), built.now);
    require(!verified.tcb_info() || parsed->tcb_info.text == built.collateral.tcb_info.text);
    require(!verified.qe_identity() || parsed->qe_identity.text == built.collateral.qe_identity.text);
    (void)attestation::verify(built.evidence, verified, built.policy);
}

/// What the PCK of the node says.
attestation::SgxExtension platform()
{
    auto const extension = world().built.evidence.quote.pck_chain[0].extension(attestation::sgx_extension_oid);
    return attestation::parse_sgx_extension(**extension).value();
}

void tcb_info(ByteView bytes)
{
    static auto const own = platform();
    auto const info = attestation::parse_tcb_info(as_text(bytes));
    if (!info.ok())
        return;
    auto const& td = world().built.evidence.quote.td;
    (void)attestation::module_of(*info, td.tee_tcb_svn);
    auto const* standing = attestation::platform_standing(*info, own, td.tee_tcb_svn);
    auto const result = attestation::evaluate(*info, *world().verified.qe_identity(), own, td.tee_tcb_svn, 4);
    require(standing || !result);
}

void qe_identity(ByteView bytes)
{
    auto const identity = attestation::parse_qe_identity(as_text(bytes));
    if (!identity.ok())
        return;
    // What is reached with less is reached with more.
    if (attestation::enclave_standing(identity->levels, 4))
        require(attestation::enclave_standing(identity->levels, 5) != nullptr);
}

std::vector<std::pair<std::string, Bytes>> runtime_events(evidence::EventLog const& log)
{
    std::vector<std::pair<std::string, Bytes>> events;
    for (auto const& event : log) {
        if (event.imr == 3)
            events.emplace_back(event.name, event.payload);
    }
    return events;
}

void boot_log(ByteView bytes)
{
    auto evidence = world().built.evidence;
    auto log = evidence::parse_event_log(as_text(bytes));
    if (!log.ok())
        return;
    for (std::uint32_t imr = 0; imr < 3; ++imr)
        (void)evidence::replay_boot_rtmr(*log, imr);
    evidence.event_log = *log;
    if (world().trusts(evidence))
        require(runtime_events(*log) == runtime_events(world().shown.log));
}

void app_compose(ByteView bytes)
{
    if (auto const object = attestation::parse_app_compose(as_text(bytes)); object.ok())
        (void)attestation::broken_rule(*object);
    auto evidence = world().built.evidence;
    evidence.app_compose = text_of(bytes);
    require(world().trusts(evidence) == (evidence.app_compose == world().shown.app_compose));
}

void public_data(ByteView bytes)
{
    (void)attestation::parse_node_keys(as_text(bytes));
    if (auto const data = attestation::PublicData::parse(as_text(bytes)); data.ok())
        (void)attestation::measurement_set_of(data->info, "");
}

void certificate(ByteView bytes)
{
    (void)crypto::parse_chain(as_text(bytes), 2);
    auto const parsed = crypto::Certificate::parse(bytes);
    if (!parsed.ok())
        return;
    require(std::ranges::equal(parsed->der(), bytes));
    auto const extension = parsed->extension(attestation::sgx_extension_oid);
    if (extension.ok() && *extension)
        (void)attestation::parse_sgx_extension(**extension);
    // Only the node's own certificates are signed by its root.
    auto const& chain = world().built.evidence.quote.pck_chain;
    if (parsed->signed_by(chain[2].key()))
        require(parsed->subject() != chain[1].subject() || parsed->key() == chain[1].key());
}

void sgx_extension(ByteView bytes)
{
    if (auto const parsed = attestation::parse_sgx_extension(bytes); parsed.ok())
        require(parsed->cpusvn == parsed->components);
}

void revocation_list(ByteView bytes)
{
    auto const list = crypto::RevocationList::parse(bytes);
    if (!list.ok())
        return;
    auto const& chain = world().built.evidence.quote.pck_chain;
    if (list->signed_by(chain[1].key()))
        require(!list->revokes(chain[0]));
}

void pcs_response(ByteView bytes)
{
    auto const text = as_text(bytes);
    auto const member = net::parse_signed_member(text, "tcbInfo");
    if (member.ok()) {
        // The bytes that were found are the member that a JSON reader sees.
        auto const object = json::read_object(text, { .depth = 32 });
        auto const found = json::read(member->text);
        require(object.ok() && found.ok() && text.find(member->text) != std::string_view::npos);
        require(json::write(*found) == json::write(*object->find("tcbInfo")));
    }
    if (auto const chain = net::decode_chain_header(text); chain.ok())
        require(chain->size() <= text.size() && chain->find('\0') == std::string::npos);
    (void)net::decode_crl(text);
}

void address(ByteView bytes)
{
    if (auto const url = net::Url::parse(as_text(bytes)); url.ok()) {
        require(url->text().starts_with("http"));
        // What is used is read again as the same.
        auto const again = net::Url::parse(url->text());
        require(again.ok() && *again == *url);
    }
    if (auto const endpoint = net::Endpoint::parse(as_text(bytes)); !endpoint.ok())
        require(!endpoint.error().remedy().empty());
}

/// A quote in one of the forms in which tools store it.
void quote_file(ByteView bytes)
{
    auto const quote = ctl::decode_quote(as_text(bytes));
    require(!quote.ok() || quote->size() <= bytes.size());
}

void prediction(ByteView bytes)
{
    auto const events = ctl::parse_prediction(as_text(bytes));
    if (events.ok())
        static_cast<void>(evidence::replay_rtmr3(*events));
}

void policy_file(ByteView bytes)
{
    auto const file = ctl::PolicyFile::parse(as_text(bytes));
    if (file.ok())
        require(!file->policy.tcb_statuses.empty() && file->policy.root() == attestation::TrustRoot::intel());
}

Seeds quote_seeds()
{
    Seeds seeds;
    for (auto const& quote : world().quotes)
        seeds.push_back(text_of(quote));
    return seeds;
}

Seeds collateral_seeds()
{
    return { json::write(simulator::json_of(world().shown.collateral, simulator::BinaryForm::Hex)) };
}

Seeds tcb_info_seeds() { return { world().shown.collateral.tcb_info }; }
Seeds qe_identity_seeds() { return { world().shown.collateral.qe_identity }; }

Seeds boot_log_seeds()
{
    return { simulator::event_log_text(world().shown.log, simulator::Dialect::of("0.5.5").value()),
        simulator::event_log_text(world().shown.log, simulator::Dialect::of("0.5.8").value()) };
}

Seeds app_compose_seeds() { return { world().shown.app_compose }; }

Seeds public_data_seeds() { return { simulator::public_data_file(world().shown).value().content }; }

Seeds certificate_seeds()
{
    Seeds seeds { world().shown.collateral.tcb_info_issuer_chain };
    for (auto const& certificate : world().built.evidence.quote.pck_chain)
        seeds.push_back(text_of(certificate.der()));
    return seeds;
}

Seeds sgx_extension_seeds() { return { text_of(simulator::der_of(simulator::SgxExtensionSpec())) }; }

Seeds revocation_list_seeds()
{
    auto spec = world().node.pck_crl;
    spec.revoked = { 5, 6, 70000 };
    return { text_of(world().shown.collateral.pck_crl), text_of(test::der_of(spec)) };
}

Seeds pcs_response_seeds()
{
    auto const& collateral = world().shown.collateral;
    return { "{\"tcbInfo\":" + collateral.tcb_info + ",\"signature\":\"" + to_hex(collateral.tcb_info_signature.bytes)
            + "\"}",
        R"( { "a" : "\"}{" , "tcb\u0049nfo" : { "b" : [ -1.5e3 , { } ] } , "signature":")" + std::string(128, '0')
            + "\"}",
        "-----BEGIN%20CERTIFICATE-----%0AMIIC%2B%2F%3D%0A-----END%20CERTIFICATE-----%0A",
        "-----BEGIN X509 CRL-----\nMAMCAQU=\n-----END X509 CRL-----\n", "3003020105" };
}

Seeds address_seeds()
{
    return { "https://pccs.example:8081/sgx/certification/v4/,ca=/etc/ca.pem,root-crl=https://crl.example/root.der",
        "http://[::1]:80/a?b=c", "https://alice:secret@example.com/,insecure" };
}

Seeds quote_file_seeds()
{
    return { std::string("\4\0\2\0\x81\0", 6), " 040002008100\n", "[4,0,2,0,129,0]\n",
        R"({"quote":"040002008100","event_log":"[]"})", R"({"quote":[4,0,2,0,129,0]})" };
}

Seeds prediction_seeds()
{
    return { ctl::as_json(attestation::predict({ .app_compose = simulator::default_app_compose(),
                                                   .dstack_version = "0.5.8",
                                                   .key_provider = R"({"name":"local-sgx","id":"ab"})",
                                                   .instance_id = {},
                                                   .image_digest = image::ImageDigest({ 1 }) })
            .value()) };
}

Seeds policy_file_seeds()
{
    return { "image_digests = [\"sha256:" + std::string(64, 'a')
        + "\"]\ntcb_statuses = [\"UpToDate\"]\nadvisories = []\n"
        + "maximum_collateral_age_days = 7\nminimum_tcb_evaluation_number = 20\n[[measurements]]\nname = \"dev\"\n"
        + "mrtd = \"" + std::string(96, '1') + "\"\n[loosen]\nsimulated_root = \"root.pem\"\ndebug_td = false\n" };
}

constexpr Target all_targets[] = {
    { "quote", quote, quote_seeds },
    { "collateral", collateral, collateral_seeds },
    { "tcb_info", tcb_info, tcb_info_seeds },
    { "qe_identity", qe_identity, qe_identity_seeds },
    { "boot_log", boot_log, boot_log_seeds },
    { "app_compose", app_compose, app_compose_seeds },
    { "public_data", public_data, public_data_seeds },
    { "certificate", certificate, certificate_seeds },
    { "sgx_extension", sgx_extension, sgx_extension_seeds },
    { "revocation_list", revocation_list, revocation_list_seeds },
    { "pcs_response", pcs_response, pcs_response_seeds },
    { "address", address, address_seeds },
    { "quote_file", quote_file, quote_file_seeds },
    { "prediction", prediction, prediction_seeds },
    { "policy_file", policy_file, policy_file_seeds },
};

}  // namespace

std::span<Target const> verifier_targets() { return all_targets; }

}  // namespace mpc::fuzz
