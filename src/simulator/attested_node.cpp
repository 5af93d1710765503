#include "simulator/attested_node.h"

#include <algorithm>

#include "attestation/app_compose.h"

namespace mpc::simulator {

namespace {

using attestation::Evidence;

template <typename T>
Bytes bytes(T const& from)
{
    return Bytes(from.begin(), from.end());
}

/// Puts another payload under the event of that name.
void replace_payload(evidence::EventLog& log, std::string_view name, Bytes const& payload)
{
    for (auto& event : log) {
        if (event.name == name)
            event = runtime_event(event.name, payload);
    }
}

}  // namespace

evidence::Event runtime_event(std::string name, Bytes payload)
{
    auto const digest = evidence::runtime_event_digest(name, payload);
    return { .imr = 3,
        .type = evidence::runtime_event_type,
        .digest = digest,
        .name = std::move(name),
        .payload = std::move(payload) };
}

Result<AttestedNode> AttestedNode::create(Seed const& seed, crypto::Time now)
{
    AttestedNode node(seed, now);
    auto const dialect = TRY(Dialect::of("0.5.8"));
    MeasuredVm vm(TRY(VmIdentity::from(default_app_compose(), seed)), seed, dialect);
    vm.emit(std::string(evidence::image_digest_event), bytes(seed.bytes32("image")));
    node.log = vm.log();
    node.set_app_compose(vm.identity().app_compose);
    node.os_image_hash = vm.identity().os_image_hash;
    node.keys.tls.bytes = seed.bytes32("tls key");
    node.keys.account.bytes = seed.bytes32("account key");
    return node;
}

void AttestedNode::set_app_compose(std::string text)
{
    app_compose = std::move(text);
    auto const hash = sha256({ as_bytes(app_compose) });
    replace_payload(log, "app-id", Bytes(hash.begin(), hash.begin() + 20));
    replace_payload(log, "compose-hash", bytes(hash));
    quote.td.mr_config_id = { 0x01 };
    std::ranges::copy(hash, quote.td.mr_config_id.begin() + 1);
}

Result<QuoteSpec> AttestedNode::measured() const
{
    auto spec = quote;
    for (auto const& event : log) {
        if (event.imr > 3 || (event.imr < 3 && !event.digest))
            return Error(ErrorKind::Invalid, "an event of another register, or a boot event without a digest");
        auto const digest = event.imr == 3 ? evidence::runtime_event_digest(event.name, event.payload) : *event.digest;
        spec.td.rtmrs[event.imr].extend(digest);
    }
    spec.td.report_data =
        receipt.empty() ? attestation::report_data_of(keys) : attestation::report_data_of_receipt(receipt);
    return spec;
}

Result<Bytes> AttestedNode::quote_with(std::string_view pck_chain) const
{
    return sign_quote(TRY(measured()), attestation_key, pck.key, pck_chain);
}

Result<Bytes> AttestedNode::quote_bytes() const { return quote_with(TRY(issue()).pck_chain()); }

Result<Exhibit> AttestedNode::exhibit() const
{
    auto const certificates = TRY(issue());
    auto const spec = TRY(measured());
    Exhibit shown;
    shown.pck_chain = certificates.pck_chain();
    shown.quote = TRY(sign_quote(spec, attestation_key, pck.key, shown.pck_chain));
    shown.collateral = TRY(publish(certificates));
    shown.root = certificates.root;
    shown.log = log;
    shown.app_compose = app_compose;
    shown.os_image_hash = os_image_hash;
    shown.claimed.mrtd = spec.td.mrtd;
    for (std::size_t i = 0; i < spec.td.rtmrs.size(); ++i)
        shown.claimed.rtmrs[i] = spec.td.rtmrs[i].value();
    shown.claimed.compose_hash = sha256({ as_bytes(app_compose) });
    if (receipt.empty())
        shown.keys = keys;
    else
        shown.receipt = receipt;
    return shown;
}

Result<BuiltNode> AttestedNode::build() const
{
    auto const shown = TRY(exhibit());
    auto evidence = TRY(evidence_of(shown));
    auto collateral = TRY(attestation::Collateral::parse(json_of(shown.collateral, BinaryForm::Hex)));
    auto policy = TRY(policy_for(shown));
    return BuiltNode { std::move(evidence), std::move(collateral), std::move(policy), now };
}

Result<Evidence> evidence_of(Exhibit const& exhibit)
{
    auto quote = TRY(attestation::SignedQuote::parse(exhibit.quote));
    return Evidence { .quote = std::move(quote),
        .event_log = exhibit.log,
        .app_compose = exhibit.app_compose,
        .node_keys = exhibit.keys,
        .receipt = exhibit.receipt };
}

Result<attestation::Policy> policy_for(Exhibit const& exhibit)
{
    attestation::Policy policy;
    policy.allow(attestation::SimulatedRoot { exhibit.root });
    for (auto const& payload : evidence::payloads_of(exhibit.log, evidence::image_digest_event)) {
        std::array<std::uint8_t, 32> digest {};
        std::ranges::copy_n(payload.begin(), static_cast<long>(std::min(payload.size(), digest.size())),
            digest.begin());
        policy.image_digests.push_back(image::ImageDigest(digest));
    }
    auto const compose = TRY(attestation::parse_app_compose(exhibit.app_compose));
    policy.launcher_compose_hashes.push_back(sha256({ as_bytes(TRY(compose.require_text("docker_compose_file"))) }));
    auto const& claimed = exhibit.claimed;
    attestation::MeasurementSet set { "simulated", claimed.mrtd, claimed.rtmrs[0], claimed.rtmrs[1], claimed.rtmrs[2],
        {} };
    for (auto const& payload : evidence::payloads_of(exhibit.log, "key-provider"))
        set.key_provider_digest = evidence::runtime_event_digest("key-provider", payload);
    policy.measurements.push_back(set);
    return policy;
}

}  // namespace mpc::simulator
