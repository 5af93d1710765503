#include "simulator/machine.h"

namespace mpc::simulator {

namespace {

constexpr std::size_t most_common_name = 64;  // of X.509

/// At most so many bytes, and no part of a UTF-8 character.
std::string_view shortened(std::string_view text, std::size_t limit)
{
    if (text.size() <= limit)
        return text;
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80)
        --limit;
    return text.substr(0, limit);
}

}  // namespace

Result<Machine> Machine::create(Seed const& seed)
{
    Platform platform(seed, crypto::Time());  // collateral() dates the rest
    auto certificates = TRY(platform.issue());
    return Machine(seed, std::move(platform), std::move(certificates));
}

Result<Bytes> Machine::quote(MeasuredVm const& vm, std::array<std::uint8_t, 64> const& report_data) const
{
    auto spec = m_quote;
    spec.td.mrtd = vm.identity().mrtd;
    spec.td.mr_config_id = vm.identity().mr_config_id();
    spec.td.rtmrs = vm.rtmrs();
    spec.td.report_data = report_data;
    spec.least_size = dstack_quote_size;
    return sign_quote(spec, m_platform.attestation_key, m_platform.pck.key, m_pck_chain);
}

Result<PublishedCollateral> Machine::collateral(crypto::Time now) const
{
    auto platform = m_platform;
    platform.issue_collateral_at(now - std::chrono::hours(1));
    return platform.publish(m_certificates);
}

Result<std::string> Machine::issue_app_certificate(std::string_view app_name) const
{
    constexpr std::string_view prefix = "SIMULATED ";
    auto spec = m_platform.pck;
    spec.common_name = prefix;
    spec.common_name += shortened(app_name, most_common_name - prefix.size());
    spec.issuer_name = m_platform.root.common_name;
    spec.key = SigningKey::of(m_seed, "app");
    spec.signer = m_platform.root.key;
    spec.serial = 5;
    return pem_of(TRY(issue_certificate(spec)));
}

}  // namespace mpc::simulator
