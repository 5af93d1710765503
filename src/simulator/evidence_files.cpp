#include "simulator/evidence_files.h"

#include <algorithm>

#include "simulator/guest_agent_json.h"

namespace mpc::simulator {

namespace {

constexpr std::string_view base58_alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Divides the big-endian number by 58; gives the remainder.
unsigned divide_by_58(std::array<std::uint8_t, 32>& number)
{
    unsigned remainder = 0;
    for (auto& byte : number) {
        remainder = remainder * 256 + byte;
        byte = static_cast<std::uint8_t>(remainder / 58);
        remainder %= 58;
    }
    return remainder;
}

json::Object node_keys_json(attestation::NodeKeys const& keys)
{
    return json::Object { { "near_signer_public_key", text_of(keys.account) },
        { "near_p2p_public_key", text_of(keys.tls) } };
}

json::Object tcb_info_json(Exhibit const& exhibit)
{
    json::Object info { { "mrtd", to_hex(exhibit.claimed.mrtd) } };
    for (std::size_t i = 0; i < exhibit.claimed.rtmrs.size(); ++i)
        info.add("rtmr" + std::to_string(i), to_hex(exhibit.claimed.rtmrs[i]));
    info.add("os_image_hash", to_hex(exhibit.os_image_hash));
    info.add("compose_hash", to_hex(exhibit.claimed.compose_hash));
    info.add("device_id", device_id());
    info.add("app_compose", exhibit.app_compose);
    info.add("event_log", event_log_json(exhibit.log, LogForm::Whole));
    return info;
}

json::Object attestation_json(Exhibit const& exhibit)
{
    auto collateral = json_of(exhibit.collateral, BinaryForm::Numbers);
    collateral.add("pck_certificate_chain", exhibit.pck_chain);
    return json::Object { { "quote", json_of(exhibit.quote, BinaryForm::Numbers) },
        { "collateral", std::move(collateral) }, { "tcb_info", tcb_info_json(exhibit) } };
}

}  // namespace

std::string text_of(attestation::NearKey const& key)
{
    auto number = key.bytes;
    std::string digits;
    while (std::ranges::any_of(number, [](auto byte) { return byte != 0; }))
        digits.push_back(base58_alphabet[divide_by_58(number)]);
    auto const leading = std::ranges::find_if(key.bytes, [](auto byte) { return byte != 0; }) - key.bytes.begin();
    digits.append(static_cast<std::size_t>(leading), '1');
    std::ranges::reverse(digits);
    return "ed25519:" + digits;
}

EvidenceFile root_file(ByteView root) { return { "root.pem", pem_of(root) }; }

EvidenceFile collateral_file(PublishedCollateral const& collateral)
{
    return { "collateral.json", json::write_pretty(json_of(collateral, BinaryForm::Hex)) + "\n" };
}

std::vector<EvidenceFile> evidence_files(Exhibit const& exhibit)
{
    std::vector<EvidenceFile> files;
    files.push_back({ "quote.bin", std::string(as_text(exhibit.quote)) });
    files.push_back(collateral_file(exhibit.collateral));
    files.push_back({ "tcb_info.json", json::write_pretty(tcb_info_json(exhibit)) + "\n" });
    files.push_back({ "app_compose.json", exhibit.app_compose });
    files.push_back(root_file(exhibit.root));
    if (exhibit.keys)
        files.push_back({ "node_keys.json", json::write_pretty(node_keys_json(*exhibit.keys)) + "\n" });
    if (exhibit.receipt)
        files.push_back({ "receipt.json", *exhibit.receipt });
    return files;
}

std::optional<EvidenceFile> public_data_file(Exhibit const& exhibit)
{
    if (!exhibit.keys)
        return std::nullopt;
    auto data = node_keys_json(*exhibit.keys);
    data.add("near_responder_public_keys", json::Array());
    data.add("tee_participant_info", json::Object { { "Dstack", attestation_json(exhibit) } });
    return EvidenceFile { "public_data.json", json::write(data) + "\n" };
}

}  // namespace mpc::simulator
