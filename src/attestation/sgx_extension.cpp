#include "attestation/sgx_extension.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "crypto/der.h"

namespace mpc::attestation {

namespace {

using crypto::DerReader;
using crypto::Tag;

/// DER of 1.2.840.113741.1.13.1, without tag and length.
constexpr std::array<std::uint8_t, 9> prefix { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };

enum Field : unsigned { Ppid = 1, Tcb = 2, PceId = 3, Fmspc = 4, SgxType = 5, PlatformInstance = 6, Configuration = 7 };
constexpr unsigned pcesvn_index = 17;
constexpr unsigned cpusvn_index = 18;

/// The identifier's last component, when it is `depth` components below the extension's own; 0 for any other.
unsigned last_component(ByteView identifier, std::size_t depth)
{
    if (identifier.size() != prefix.size() + depth || !std::ranges::equal(identifier.first(prefix.size()), prefix))
        return 0;
    if (depth == 2 && identifier[prefix.size()] != Tcb)
        return 0;
    return identifier.back() < 0x80 ? identifier.back() : 0;
}

template <std::size_t N>
Result<std::array<std::uint8_t, N>> octets(DerReader& reader)
{
    auto const view = TRY(reader.next_octets(N));
    std::array<std::uint8_t, N> copy {};
    std::ranges::copy(view, copy.begin());
    return copy;
}

Error invalid(std::string message) { return { ErrorKind::Invalid, "SGX extension: " + std::move(message) }; }

Result<void> read_tcb_entry(DerReader& entry, unsigned index, SgxExtension& into)
{
    if (index == cpusvn_index) {
        into.cpusvn = TRY(octets<16>(entry));
    } else if (index == pcesvn_index) {
        into.pcesvn = static_cast<std::uint16_t>(TRY(entry.next_integer(0xffff)));
    } else if (index >= 1 && index <= into.components.size()) {
        into.components[index - 1] = static_cast<std::uint8_t>(TRY(entry.next_integer(0xff)));
    } else {
        return invalid("an unknown TCB entry");
    }
    return entry.finish();
}

/// The 18 entries of the TCB, in any order, each once.
Result<void> read_tcb(DerReader entries, SgxExtension& into)
{
    std::set<unsigned> seen;
    while (!entries.at_end()) {
        DerReader entry(TRY(entries.next(Tag::Sequence)));
        auto const index = last_component(TRY(entry.next(Tag::ObjectIdentifier)), 2);
        if (!seen.insert(index).second)
            return invalid("a TCB entry occurs twice");
        TRY(read_tcb_entry(entry, index, into));
    }
    if (seen.size() != cpusvn_index)
        return invalid("TCB entries are missing");
    return ok;
}

Result<void> read_field(DerReader& entry, unsigned field, SgxExtension& into)
{
    switch (field) {
    case Ppid: into.ppid = TRY(octets<16>(entry)); break;
    case Tcb: TRY(read_tcb(DerReader(TRY(entry.next(Tag::Sequence))), into)); break;
    case PceId: into.pceid = TRY(octets<2>(entry)); break;
    case Fmspc: into.fmspc = TRY(octets<6>(entry)); break;
    case SgxType: TRY(entry.next(Tag::Enumerated)); break;
    case PlatformInstance: TRY(entry.next_octets(16)); break;
    case Configuration: TRY(entry.next(Tag::Sequence)); break;
    default: return invalid("an unknown field");
    }
    return entry.finish();
}

}  // namespace

Result<SgxExtension> parse_sgx_extension(ByteView der)
{
    DerReader outer(der);
    DerReader fields(TRY(outer.next(Tag::Sequence)));
    TRY(outer.finish());
    SgxExtension extension;
    std::set<unsigned> seen;
    while (!fields.at_end()) {
        DerReader entry(TRY(fields.next(Tag::Sequence)));
        auto const field = last_component(TRY(entry.next(Tag::ObjectIdentifier)), 1);
        if (!seen.insert(field).second)
            return invalid("a field occurs twice");
        TRY(read_field(entry, field, extension));
    }
    for (unsigned const required : { Ppid, Tcb, PceId, Fmspc, SgxType }) {
        if (!seen.contains(required))
            return invalid("field " + std::to_string(required) + " is missing");
    }
    if (extension.cpusvn != extension.components)
        return invalid("CPUSVN is not what the components say");
    return extension;
}

}  // namespace mpc::attestation
