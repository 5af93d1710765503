#include "attestation/certificate_checks.h"

#include <algorithm>

#include "base/log.h"

namespace mpc::attestation {

namespace {

/// A certificate's name, as found: foreign text.
std::string shown_name(crypto::Certificate const& certificate)
{
    return "\"" + printable(certificate.common_name(), 80) + "\"";
}

bool has_name_of(Role role, std::string const& name)
{
    switch (role) {
    case Role::PckCa: return name == "Intel SGX PCK Platform CA" || name == "Intel SGX PCK Processor CA";
    case Role::TcbSigner: return name == "Intel SGX TCB Signing";
    case Role::Pck: return name == "Intel SGX PCK Certificate";
    }
    return false;
}

bool has_usage_of(Role role, crypto::Usage const& usage)
{
    switch (role) {
    case Role::PckCa: return usage.certificate_authority && usage.signs_certificates && usage.signs_crls;
    case Role::TcbSigner:
    case Role::Pck: return !usage.certificate_authority && usage.signs_data;
    }
    return false;
}

std::string expected_of(Role role)
{
    switch (role) {
    case Role::PckCa:
        return "\"Intel SGX PCK Platform CA\" or \"Intel SGX PCK Processor CA\", a CA, issued by the root";
    case Role::TcbSigner: return "\"Intel SGX TCB Signing\", no CA, for signing data, issued by the root";
    case Role::Pck: return "\"Intel SGX PCK Certificate\", no CA, for signing data, issued by the PCK CA";
    }
    return {};
}

std::string text_of(crypto::Validity const& validity)
{
    return crypto::to_text(validity.from) + " to " + crypto::to_text(validity.until);
}

}  // namespace

bool KnownSignatures::contains(crypto::Certificate const& certificate, crypto::P256Key const& issuer) const
{
    return std::ranges::any_of(m_known,
        [&](auto const& known) { return known.first.der() == certificate.der() && known.second == issuer; });
}

void KnownSignatures::add(crypto::Certificate const& certificate, crypto::P256Key const& issuer)
{
    m_known.emplace_back(certificate, issuer);
}

bool check_role(Checklist& checks, CheckId id, crypto::Certificate const& certificate, Role role,
    crypto::Certificate const& issuer)
{
    bool const named = has_name_of(role, certificate.common_name());
    bool const used = has_usage_of(role, certificate.usage());
    bool const issued = certificate.issuer() == issuer.subject();
    return checks.record(id, named && used && issued,
        shown_name(certificate) + (used ? "" : " with another usage") + (issued ? "" : " of another issuer"),
        expected_of(role));
}

bool check_certificate_signature(Checklist& checks, CheckId id, crypto::Certificate const& certificate,
    crypto::Certificate const& issuer, KnownSignatures& known)
{
    bool holds = known.contains(certificate, issuer.key());
    if (!holds) {
        checks.count_signature();
        holds = certificate.signed_by(issuer.key());
        if (holds)
            known.add(certificate, issuer.key());
    }
    return checks.record(id, holds, holds ? "signed by " + shown_name(issuer) : "not signed by " + shown_name(issuer),
        "signed by " + shown_name(issuer));
}

bool check_validity(Checklist& checks, CheckId id, crypto::Certificate const& certificate, crypto::Time now)
{
    auto const validity = certificate.validity();
    return checks.record(id, validity.from <= now && now <= validity.until, text_of(validity),
        "a period with " + crypto::to_text(now));
}

bool check_not_revoked(Checklist& checks, CheckId id, crypto::Certificate const& certificate,
    crypto::RevocationList const& list)
{
    bool const revoked = list.revokes(certificate);
    return checks.record(id, !revoked,
        "serial " + to_hex(certificate.serial()) + (revoked ? ", revoked" : ", not listed"), "not listed");
}

bool check_crl_signature(Checklist& checks, CheckId id, crypto::RevocationList const& list,
    crypto::Certificate const& issuer)
{
    auto const expected = "issued and signed by " + shown_name(issuer);
    if (list.issuer() != issuer.subject())
        return checks.record(id, false, "a list of another issuer", expected);
    checks.count_signature();
    bool const holds = list.signed_by(issuer.key());
    return checks.record(id, holds, holds ? expected : "not signed by " + shown_name(issuer), expected);
}

bool check_crl_current(Checklist& checks, CheckId id, crypto::RevocationList const& list, crypto::Time now)
{
    auto const validity = list.validity();
    return checks.record(id, validity.from <= now && now < validity.until, text_of(validity),
        "a period with " + crypto::to_text(now) + ", which must be before its end");
}

}  // namespace mpc::attestation
