#include "net/platform.h"

#include "attestation/sgx_extension.h"

namespace mpc::net {

char const* name_of(PckCa ca)
{
    switch (ca) {
    case PckCa::Platform: return "platform";
    case PckCa::Processor: return "processor";
    }
    return "";
}

Result<PckCa> pck_ca_named(std::string_view common_name)
{
    if (common_name == "Intel SGX PCK Platform CA")
        return PckCa::Platform;
    if (common_name == "Intel SGX PCK Processor CA")
        return PckCa::Processor;
    return Error(ErrorKind::Invalid, "the PCK certificate is issued by neither of Intel's two authorities");
}

Result<Platform> Platform::of(attestation::SignedQuote const& quote)
{
    auto const& pck = quote.pck_chain.at(0);
    auto const& issuer = quote.pck_chain.at(1);
    if (pck.issuer() != issuer.subject())
        return Error(ErrorKind::Invalid, "the PCK certificate is not issued by the certificate that follows it");
    auto const ca = TRY(pck_ca_named(issuer.common_name()));
    auto const extension = TRY(pck.extension(attestation::sgx_extension_oid));
    if (!extension)
        return Error(ErrorKind::Invalid, "the PCK certificate has no SGX extension");
    auto const facts = TRY(attestation::parse_sgx_extension(*extension).in("the PCK certificate's SGX extension"));
    return Platform { facts.fmspc, ca };
}

}  // namespace mpc::net
