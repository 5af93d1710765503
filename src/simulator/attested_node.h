// A node whose evidence verifies under a simulated root, and every part of which can be made wrong in one way: before
// build(), so that everything else is signed and measured to fit, or after it, so that it is tampering.
#pragma once

#include "attestation/verify.h"
#include "simulator/measured_vm.h"
#include "simulator/platform.h"
#include "simulator/quote.h"

namespace mpc::simulator {

/// What a node shows and what is published about its platform, as bytes and texts: nothing parsed, nothing judged.
struct Exhibit {
    Bytes quote;
    PublishedCollateral collateral;
    Bytes root;             ///< DER
    std::string pck_chain;  ///< PEM, as in the quote
    evidence::EventLog log;
    std::string app_compose;
    attestation::ClaimedValues claimed;
    Sha256 os_image_hash {};
    std::optional<attestation::NodeKeys> keys;  ///< of these two, what the quote is for
    std::optional<std::string> receipt;
};

/// An exhibit as the verifier takes it, with a policy that accepts exactly this node.
struct BuiltNode {
    attestation::Evidence evidence;
    attestation::Collateral collateral;
    attestation::Policy policy;
    crypto::Time now;

    [[nodiscard]] attestation::Report verify() const { return attestation::verify(evidence, collateral, policy, now); }
};

/// Plain values: change any, then exhibit or build.
struct AttestedNode : Platform {
    /// Trusted as it stands: the default app-compose, booted by dstack 0.5.8, its image digest measured.
    /// Errors: Internal.
    static Result<AttestedNode> create(Seed const& seed, crypto::Time now);

    crypto::Time now;
    QuoteSpec quote;         ///< its registers and report data are made from what follows
    evidence::EventLog log;  ///< the image digest is its last event
    std::string app_compose;
    std::string receipt {};  ///< when not empty, the quote is for it and not for the keys
    attestation::NodeKeys keys {};
    Sha256 os_image_hash {};

    /// Puts the app-compose's hash into log and quote, as dstack would.
    void set_app_compose(std::string text);

    /// Errors: Internal.
    [[nodiscard]] Result<Exhibit> exhibit() const;
    /// Errors: Internal; Invalid (specifications that make a quote or a collateral that cannot be read).
    [[nodiscard]] Result<BuiltNode> build() const;
    /// The quote alone, with this chain in the place of its own. Errors: Internal; Invalid.
    [[nodiscard]] Result<Bytes> quote_with(std::string_view pck_chain) const;
    [[nodiscard]] Result<Bytes> quote_bytes() const;

private:
    AttestedNode(Seed const& seed, crypto::Time time) : Platform(seed, time), now(time), quote(QuoteSpec::of(seed)) {}
    [[nodiscard]] Result<QuoteSpec> measured() const;
};

/// An event of RTMR3.
[[nodiscard]] evidence::Event runtime_event(std::string name, Bytes payload = {});

/// What the verifier makes of an exhibit; the claimed values are left out. Errors: Invalid.
[[nodiscard]] Result<attestation::Evidence> evidence_of(Exhibit const& exhibit);

/// Accepts what this exhibit shows, and nothing else. Errors: Invalid (it cannot be read).
[[nodiscard]] Result<attestation::Policy> policy_for(Exhibit const& exhibit);

}  // namespace mpc::simulator
