#include "evidence/quote.h"

#include <algorithm>

#include <fmt/format.h>

#include "evidence/reader.h"

namespace mpc::evidence {

namespace {

constexpr std::size_t td10_size = 584;
constexpr std::size_t td15_size = 648;
constexpr std::uint16_t ecdsa_p256 = 2;
constexpr std::uint32_t tee_sgx = 0;
constexpr std::uint32_t tee_tdx = 0x81;

Error invalid(std::string what) { return { ErrorKind::Invalid, std::move(what) }; }

/// 48 bytes; gives the version.
Result<std::uint16_t> read_header(Reader& reader)
{
    Reader header(TRY(reader.take(48, "header")));
    auto const version = TRY(header.u16("version"));
    auto const key_type = TRY(header.u16("attestation key type"));
    auto const tee = TRY(header.u32("TEE type"));
    // Version 3 has no TEE type: it is SGX by definition.
    if (version == 3 || ((version == 4 || version == 5) && tee == tee_sgx))
        return invalid("it is of an SGX enclave, not of a TDX virtual machine");
    if (version != 4 && version != 5)
        return invalid(fmt::format("version {} is neither 4 nor 5", version));
    if (tee != tee_tdx)
        return invalid(fmt::format("TEE type {:#x} is not TDX (0x81)", tee));
    if (key_type != ecdsa_p256)
        return invalid(fmt::format("attestation key type {} is not ECDSA P-256 (2)", key_type));
    return version;
}

/// Version 5 describes the TD report before it; the size is that of the type.
Result<std::size_t> read_body_descriptor(Reader& reader)
{
    auto const type = TRY(reader.u16("body type"));
    auto const size = TRY(reader.u32("body size"));
    if (type != 2 && type != 3)
        return invalid(fmt::format("body type {} is neither TD 1.0 (2) nor TD 1.5 (3)", type));
    auto const expected = type == 2 ? td10_size : td15_size;
    if (size != expected)
        return invalid(fmt::format("a body of type {} has {} bytes, this one says {}", type, expected, size));
    return expected;
}

/// The fields of TD 1.0, with which TD 1.5 begins.
Result<QuoteView> read_td_report(std::uint16_t version, ByteView report)
{
    QuoteView view { .version = version };
    Reader reader(report);
    TRY(reader.take(136, "TEE TCB SVN to XFAM"));
    view.mrtd = TRY(reader.array<48>("MRTD"));
    view.mr_config_id = TRY(reader.array<48>("MRCONFIGID"));
    TRY(reader.take(48 + 48, "MROWNER and MROWNERCONFIG"));
    for (auto& rtmr : view.rtmrs)
        rtmr = Rtmr(TRY(reader.array<48>("RTMR")));
    view.report_data = TRY(reader.array<64>("report data"));
    return view;
}

Result<QuoteView> read_quote(ByteView quote)
{
    Reader reader(quote);
    auto const version = TRY(read_header(reader));
    auto const size = version == 4 ? td10_size : TRY(read_body_descriptor(reader));
    auto const view = TRY(read_td_report(version, TRY(reader.take(size, "TD report"))));
    TRY(reader.take(TRY(reader.u32("signature size")), "signature"));
    auto const rest = TRY(reader.take(reader.left(), "padding"));
    if (std::ranges::any_of(rest, [](auto byte) { return byte != 0; }))
        return invalid("bytes other than zero follow its signature");
    return view;
}

}  // namespace

Result<QuoteView> parse_quote(ByteView quote) { return read_quote(quote).in("quote"); }

}  // namespace mpc::evidence
