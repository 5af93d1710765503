#include "support/test_node.h"

#include <algorithm>

#include <fmt/format.h>

namespace mpc::test {

namespace {

using attestation::Evidence;
using crypto::parse_time;

crypto::Time time_at(char const* text) { return parse_time(text).value(); }

std::string quoted_list(std::vector<std::string> const& items)
{
    std::string text;
    for (auto const& item : items)
        text += (text.empty() ? "\"" : ",\"") + item + "\"";
    return "[" + text + "]";
}

std::string standing_of(std::string const& date, std::string const& status, std::vector<std::string> const& advisories)
{
    auto const list = advisories.empty() ? "" : R"(,"advisoryIDs":)" + quoted_list(advisories);
    return fmt::format(R"("tcbDate":"{}","tcbStatus":"{}"{})", date, status, list);
}

std::string components(std::array<unsigned, 16> const& svns)
{
    std::string text;
    for (auto const svn : svns)
        text += fmt::format(R"({}{{"svn":{}}})", text.empty() ? "" : ",", svn);
    return "[" + text + "]";
}

template <typename Spec, typename Write>
std::string list_of(std::vector<Spec> const& specs, Write write)
{
    std::string text;
    for (auto const& spec : specs)
        text += (text.empty() ? "" : ",") + write(spec);
    return "[" + text + "]";
}

std::string json_of_level(LevelSpec const& level)
{
    return fmt::format(R"({{"tcb":{{"sgxtcbcomponents":{},"pcesvn":{},"tdxtcbcomponents":{}}},{}}})",
        components(level.sgx), level.pcesvn, components(level.tdx),
        standing_of(level.date, level.status, level.advisories));
}

std::string json_of_enclave_level(EnclaveLevelSpec const& level)
{
    return fmt::format(R"({{"tcb":{{"isvsvn":{}}},{}}})", level.isvsvn,
        standing_of(level.date, level.status, level.advisories));
}

std::string module_members(ModuleSpec const& module)
{
    return fmt::format(R"("mrsigner":"{}","attributes":"{}","attributesMask":"{}")", module.mrsigner, module.attributes,
        module.attributes_mask);
}

std::string json_of_module(ModuleSpec const& module)
{
    return fmt::format(R"({{"id":"{}",{},"tcbLevels":{}}})", module.id, module_members(module),
        list_of(module.levels, json_of_enclave_level));
}

/// Appends to a quote under construction.
class Writer {
public:
    Bytes bytes;
    Writer& put(ByteView view)
    {
        bytes.insert(bytes.end(), view.begin(), view.end());
        return *this;
    }
    Writer& zeros(std::size_t count)
    {
        bytes.resize(bytes.size() + count);
        return *this;
    }
    template <typename T>
    Writer& number(T value)
    {
        for (std::size_t i = 0; i < sizeof(T); ++i)
            bytes.push_back(static_cast<std::uint8_t>(std::uint64_t { value } >> (8 * i)));
        return *this;
    }
};

void put_td_report(Writer& writer, attestation::TdReport const& td)
{
    writer.put(td.tee_tcb_svn)
        .zeros(48)
        .put(td.mr_signer_seam)
        .put(td.seam_attributes)
        .number(td.td_attributes)
        .zeros(8);
    writer.put(td.mrtd).put(td.mr_config_id).zeros(96);
    for (auto const& rtmr : td.rtmrs)
        writer.put(rtmr.value());
    writer.put(td.report_data);
    if (td.td15)
        writer.put(td.td15->tee_tcb_svn2).put(td.td15->mr_service_td);
}

Bytes bytes_of(attestation::EnclaveReport const& report)
{
    Writer writer;
    writer.zeros(16).put(report.miscselect).zeros(28).put(report.attributes).zeros(64).put(report.mrsigner).zeros(96);
    writer.number(report.product_id).number(report.isvsvn).zeros(60).put(report.report_data);
    return writer.bytes;
}

evidence::Event boot_event(std::uint32_t imr, std::uint8_t seed)
{
    Sha384 digest {};
    digest.fill(seed);
    return { .imr = imr, .type = 4, .digest = digest, .name = "", .payload = {} };
}

constexpr char const* default_app_compose = R"({
    "manifest_version": 2,
    "name": "node",
    "runner": "docker-compose",
    "docker_compose_file": "services: {}\n",
    "kms_enabled": false,
    "gateway_enabled": false,
    "local_key_provider_enabled": true,
    "key_provider_id": "",
    "public_logs": true,
    "public_sysinfo": true,
    "allowed_envs": [],
    "no_instance_id": true,
    "secure_time": false
})";

CertificateSpec spec_of(std::string name, std::string issuer, char const* key, char const* signer, long serial)
{
    return { .common_name = std::move(name),
        .issuer_name = std::move(issuer),
        .key = SigningKey::named(key),
        .signer = SigningKey::named(signer),
        .from = time_at("2025-01-01T00:00:00Z"),
        .until = time_at("2035-01-01T00:00:00Z"),
        .serial = serial };
}

constexpr char const* root_name = "Intel SGX Root CA";
constexpr char const* ca_name = "Intel SGX PCK Platform CA";

CrlSpec crl_of(char const* issuer, char const* signer)
{
    return { .issuer_name = issuer,
        .signer = SigningKey::named(signer),
        .from = time_at("2026-08-01T00:00:00Z"),
        .until = time_at("2026-08-31T00:00:00Z") };
}

attestation::Policy policy_for(Evidence const& evidence, crypto::Certificate const& root)
{
    attestation::Policy policy;
    policy.allow(attestation::SimulatedRoot { root.der() });
    policy.image_digests.push_back(image::ImageDigest(std::array<std::uint8_t, 32> { 0xab }));
    policy.launcher_compose_hashes.push_back(sha256({ as_bytes("services: {}\n") }));
    auto const& td = evidence.quote.td;
    attestation::MeasurementSet set { "test", td.mrtd, td.rtmrs[0].value(), td.rtmrs[1].value(), td.rtmrs[2].value(),
        {} };
    for (auto const& payload : evidence::payloads_of(*evidence.event_log, "key-provider"))
        set.key_provider_digest = evidence::runtime_event_digest("key-provider", payload);
    policy.measurements.push_back(set);
    return policy;
}

}  // namespace

std::string json_of(TcbInfoSpec const& spec)
{
    return fmt::format(R"({{"id":"{}","version":{},"issueDate":"{}","nextUpdate":"{}","fmspc":"{}","pceId":"{}",)"
                       R"("tcbType":{},"tcbEvaluationDataNumber":{},"tdxModule":{{{}}},"tdxModuleIdentities":{},)"
                       R"("tcbLevels":{}}})",
        spec.id, spec.version, spec.issue_date, spec.next_update, spec.fmspc, spec.pceid, spec.tcb_type,
        spec.evaluation_number, module_members(spec.base_module), list_of(spec.modules, json_of_module),
        list_of(spec.levels, json_of_level));
}

std::string json_of(QeIdentitySpec const& spec)
{
    return fmt::format(R"({{"id":"{}","version":{},"issueDate":"{}","nextUpdate":"{}","tcbEvaluationDataNumber":{},)"
                       R"("miscselect":"{}","miscselectMask":"{}","attributes":"{}","attributesMask":"{}",)"
                       R"("mrsigner":"{}","isvprodid":{},"tcbLevels":{}}})",
        spec.id, spec.version, spec.issue_date, spec.next_update, spec.evaluation_number, spec.miscselect,
        spec.miscselect_mask, spec.attributes, spec.attributes_mask, spec.mrsigner, spec.product_id,
        list_of(spec.levels, json_of_enclave_level));
}

evidence::Event runtime_event(std::string name, Bytes payload)
{
    auto const digest = evidence::runtime_event_digest(name, payload);
    return { .imr = 3,
        .type = evidence::runtime_event_type,
        .digest = digest,
        .name = std::move(name),
        .payload = std::move(payload) };
}

TestNode::TestNode()
    : now(time_at("2026-08-15T00:00:00Z")), root(spec_of(root_name, root_name, "root", "root", 1)),
      pck_ca(spec_of(ca_name, root_name, "pck ca", "root", 2)),
      tcb_signer(spec_of("Intel SGX TCB Signing", root_name, "tcb signer", "root", 3)),
      pck(spec_of("Intel SGX PCK Certificate", ca_name, "pck", "pck ca", 4)), root_crl(crl_of(root_name, "root")),
      pck_crl(crl_of(ca_name, "pck ca"))
{
    for (auto* authority : { &root, &pck_ca }) {
        authority->certificate_authority = true;
        authority->key_usage = "critical,keyCertSign,cRLSign";
    }
    quote.td.tee_tcb_svn = { 5, 1, 4 };
    quote.td.td_attributes = 0x10000000;
    quote.td.mrtd.fill(0x11);
    quote.qe.attributes = { 0x15, 0, 0, 0, 0, 0, 0, 0, 0xe7 };
    quote.qe.mrsigner = from_hex_exactly<32>(qe_identity.mrsigner).value();
    quote.qe.product_id = 2;
    quote.qe.isvsvn = 4;
    log = { boot_event(0, 1), boot_event(1, 2), boot_event(2, 3), runtime_event("system-preparing"),
        runtime_event("app-id", Bytes(20, 0x20)), runtime_event("compose-hash", Bytes(32)),
        runtime_event("instance-id"), runtime_event("boot-mr-done"), runtime_event("key-provider", Bytes { '{', '}' }),
        runtime_event("storage-fs", Bytes { 'z', 'f', 's' }), runtime_event("system-ready"),
        runtime_event("mpc-image-digest", [] {
            Bytes digest(32);
            digest[0] = 0xab;
            return digest;
        }()) };
    keys.tls.bytes.fill(0x71);
    keys.account.bytes.fill(0x72);
    set_app_compose(default_app_compose);
}

void TestNode::set_app_compose(std::string text)
{
    app_compose = std::move(text);
    auto const hash = sha256({ as_bytes(app_compose) });
    for (auto& event : log) {
        if (event.name == "compose-hash")
            event = runtime_event("compose-hash", Bytes(hash.begin(), hash.end()));
    }
    quote.td.mr_config_id = { 0x01 };
    std::ranges::copy(hash, quote.td.mr_config_id.begin() + 1);
}

attestation::TdReport TestNode::measured() const
{
    auto td = quote.td;
    for (auto const& event : log) {
        auto const digest = event.imr == 3 ? evidence::runtime_event_digest(event.name, event.payload) : *event.digest;
        td.rtmrs[event.imr].extend(digest);
    }
    td.report_data = receipt.empty() ? attestation::report_data_of(keys) : attestation::report_data_of_receipt(receipt);
    if (quote.td15 && !td.td15)
        td.td15 = attestation::Td15Fields { td.tee_tcb_svn, {} };
    return td;
}

Bytes TestNode::pck_chain_pem() const
{
    auto leaf = pck;
    if (leaf.sgx_extension.empty())
        leaf.sgx_extension = der_of(sgx_extension);
    auto const text = pem_of(der_of(leaf)) + pem_of(der_of(pck_ca)) + pem_of(der_of(root));
    return Bytes(text.begin(), text.end());
}

Bytes TestNode::quote_bytes() const
{
    auto const attestation_key = SigningKey::named("attestation key");
    auto const td = measured();
    Writer signed_part;
    signed_part.number(quote.version).number(std::uint16_t { 2 }).number(std::uint32_t { 0x81 }).zeros(4);
    signed_part.put(from_hex(quote.qe_vendor).value()).zeros(20);
    if (quote.version == 5)
        signed_part.number(std::uint16_t(td.td15 ? 3 : 2)).number(std::uint32_t(td.td15 ? 648 : 584));
    put_td_report(signed_part, td);

    auto qe = quote.qe;
    std::ranges::copy(sha256({ attestation_key.point(), quote.qe_authentication }), qe.report_data.begin());
    auto const qe_bytes = bytes_of(qe);
    auto const pem = pck_chain_pem();
    Writer certification;
    certification.put(qe_bytes).put(pck.key.sign(qe_bytes).bytes);
    certification.number(static_cast<std::uint16_t>(quote.qe_authentication.size())).put(quote.qe_authentication);
    certification.number(std::uint16_t { 5 }).number(static_cast<std::uint32_t>(pem.size())).put(pem);

    Writer section;
    section.put(attestation_key.sign(signed_part.bytes).bytes).put(attestation_key.point());
    section.number(std::uint16_t { 6 }).number(static_cast<std::uint32_t>(certification.bytes.size()));
    section.put(certification.bytes);
    Writer whole;
    whole.put(signed_part.bytes).number(static_cast<std::uint32_t>(section.bytes.size())).put(section.bytes);
    return whole.put(quote.trailing).bytes;
}

attestation::Collateral TestNode::build_collateral() const
{
    auto const trust = issue(root);
    auto const signer = issue(tcb_signer);
    auto const info = edit_tcb_info ? edit_tcb_info(json_of(tcb_info)) : json_of(tcb_info);
    auto const identity = edit_qe_identity ? edit_qe_identity(json_of(qe_identity)) : json_of(qe_identity);
    return { .pck_crl_chain = { issue(pck_ca), trust },
        .root_crl = issue(root_crl),
        .pck_crl = issue(pck_crl),
        .tcb_info = { info, tcb_signer.key.sign(as_bytes(info)), { signer, trust } },
        .qe_identity = { identity, tcb_signer.key.sign(as_bytes(identity)), { signer, trust } } };
}

BuiltNode TestNode::build() const
{
    auto collateral = build_collateral();
    Evidence evidence {
        .quote = attestation::SignedQuote::parse(quote_bytes()).value(), .event_log = log, .app_compose = app_compose
    };
    // The same certificates in both places, as with real platforms: ECDSA would make each signature another.
    evidence.quote.pck_chain[1] = collateral.pck_crl_chain[0];
    evidence.quote.pck_chain[2] = collateral.pck_crl_chain[1];
    if (receipt.empty())
        evidence.node_keys = keys;
    else
        evidence.receipt = receipt;
    auto policy = policy_for(evidence, collateral.pck_crl_chain[1]);
    return { std::move(evidence), std::move(collateral), std::move(policy), now };
}

}  // namespace mpc::test
