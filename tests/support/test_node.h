// The simulator's node for tests of the verifier: at a fixed time, with a collateral of fixed dates, and with whatever
// cannot fail here taken out of its Result.
#pragma once

#include "simulator/attested_node.h"

namespace mpc::test {

using simulator::BuiltNode;
using simulator::CertificateSpec;
using simulator::CrlSpec;
using simulator::der_of;
using simulator::json_of;
using simulator::LevelSpec;
using simulator::pem_of;
using simulator::QeIdentitySpec;
using simulator::QuoteShape;
using simulator::runtime_event;
using simulator::SgxExtensionSpec;
using simulator::SigningKey;
using simulator::TcbInfoSpec;

inline crypto::Time time_of(char const* text) { return crypto::parse_time(text).value(); }

/// A node at 2026-08-15, with a collateral from 2026-08-01 to 2026-08-31.
struct TestNode : simulator::AttestedNode {
    TestNode() : AttestedNode(create(simulator::Seed(1), time_of("2026-08-15T00:00:00Z")).value())
    {
        issue_collateral_at(time_of("2026-08-01T00:00:00Z"));
    }
    [[nodiscard]] BuiltNode build() const { return AttestedNode::build().value(); }
    [[nodiscard]] Bytes quote_bytes() const { return AttestedNode::quote_bytes().value(); }
};

/// A key that is not of the node.
inline SigningKey key_named(char const* name) { return SigningKey::of(simulator::Seed(1), name); }

inline Bytes der_of(CertificateSpec const& spec) { return issue_certificate(spec).value(); }
inline Bytes der_of(CrlSpec const& spec) { return issue_crl(spec).value(); }
inline crypto::Certificate issue(CertificateSpec const& spec)
{
    return crypto::Certificate::parse(der_of(spec)).value();
}
inline crypto::RevocationList issue(CrlSpec const& spec) { return crypto::RevocationList::parse(der_of(spec)).value(); }

}  // namespace mpc::test
