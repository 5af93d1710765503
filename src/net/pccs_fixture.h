// A PCCS on loopback with the collateral of a simulated node; a test can change each of its answers.
#pragma once

#include <map>

#include "http/message.h"
#include "net/loopback_server.h"
#include "support/test_node.h"

namespace mpc::test {

/// What such a service answers, by path (without the query).
using PccsAnswers = std::map<std::string, Reply>;

inline constexpr char const* pck_crl_path = "/sgx/certification/v4/pckcrl";
inline constexpr char const* root_crl_path = "/sgx/certification/v4/rootcacrl";
inline constexpr char const* tcb_path = "/tdx/certification/v4/tcb";
inline constexpr char const* qe_path = "/tdx/certification/v4/qe/identity";

inline std::string chain_header(std::string const& name, std::string const& pem)
{
    return name + ": " + http::percent_encode(pem) + "\r\n";
}

inline std::string signed_body(std::string const& member, std::string const& text,
    crypto::P256Signature const& signature)
{
    return "{\"" + member + "\":" + text + ",\"signature\":\"" + to_hex(signature.bytes) + "\"}";
}

inline PccsAnswers answers_of(simulator::PublishedCollateral const& collateral)
{
    return {
        { pck_crl_path,
            Reply::of(std::string(as_text(collateral.pck_crl)),
                chain_header("SGX-PCK-CRL-Issuer-Chain", collateral.pck_crl_issuer_chain)) },
        { root_crl_path, Reply::of(to_hex(collateral.root_ca_crl)) },
        { tcb_path,
            Reply::of(signed_body("tcbInfo", collateral.tcb_info, collateral.tcb_info_signature),
                chain_header("TCB-Info-Issuer-Chain", collateral.tcb_info_issuer_chain)) },
        { qe_path,
            Reply::of(signed_body("enclaveIdentity", collateral.qe_identity, collateral.qe_identity_signature),
                chain_header("SGX-Enclave-Identity-Issuer-Chain", collateral.qe_identity_issuer_chain)) },
    };
}

inline simulator::PublishedCollateral published_by(TestNode const& node)
{
    return node.publish(node.issue().value()).value();
}
inline PccsAnswers answers_of(TestNode const& node) { return answers_of(published_by(node)); }

class Pccs : public LoopbackServer {
public:
    explicit Pccs(PccsAnswers answers)
        : LoopbackServer([answers = std::move(answers)](std::string const& target) {
              auto const found = answers.find(target.substr(0, target.find('?')));
              return found == answers.end() ? Reply::with_status("404 Not Found") : found->second;
          })
    {
    }
    explicit Pccs(TestNode const& node) : Pccs(answers_of(node)) {}
};

}  // namespace mpc::test
