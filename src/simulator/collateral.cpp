#include "simulator/collateral.h"

namespace mpc::simulator {

json::Value json_of(ByteView bytes, BinaryForm form)
{
    if (form == BinaryForm::Hex)
        return to_hex(bytes);
    json::Array numbers;
    numbers.reserve(bytes.size());
    for (auto const byte : bytes)
        numbers.emplace_back(byte);
    return numbers;
}

json::Object json_of(PublishedCollateral const& collateral, BinaryForm form)
{
    return json::Object {
        { "pck_crl_issuer_chain", collateral.pck_crl_issuer_chain },
        { "root_ca_crl", json_of(collateral.root_ca_crl, form) },
        { "pck_crl", json_of(collateral.pck_crl, form) },
        { "tcb_info_issuer_chain", collateral.tcb_info_issuer_chain },
        { "tcb_info", collateral.tcb_info },
        { "tcb_info_signature", json_of(collateral.tcb_info_signature.bytes, form) },
        { "qe_identity_issuer_chain", collateral.qe_identity_issuer_chain },
        { "qe_identity", collateral.qe_identity },
        { "qe_identity_signature", json_of(collateral.qe_identity_signature.bytes, form) },
    };
}

}  // namespace mpc::simulator
