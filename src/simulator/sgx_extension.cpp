#include "simulator/sgx_extension.h"

namespace mpc::simulator {

namespace {

Bytes joined(std::initializer_list<Bytes> parts)
{
    Bytes all;
    for (auto const& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

Bytes der_integer(unsigned value)
{
    Bytes content;
    for (int shift = 24; shift >= 0; shift -= 8)
        content.push_back(static_cast<std::uint8_t>(value >> shift));
    while (content.size() > 1 && content[0] == 0 && content[1] < 0x80)
        content.erase(content.begin());
    return der_element(0x02, content);
}

/// {identifier 1.2.840.113741.1.13.1 and `suffix`, value}.
Bytes der_entry(std::initializer_list<std::uint8_t> suffix, Bytes const& value)
{
    Bytes identifier { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };
    identifier.insert(identifier.end(), suffix);
    return der_element(0x30, joined({ der_element(0x06, identifier), value }));
}

Bytes der_tcb(SgxExtensionSpec const& spec)
{
    Bytes entries;
    for (std::uint8_t index = 1; index <= 18; ++index) {
        if (index == spec.leave_out_tcb_entry)
            continue;
        auto const value = index == 18 ? der_element(0x04, spec.cpusvn)
            : index == 17              ? der_integer(spec.pcesvn)
                                       : der_integer(spec.components[index - 1U]);
        entries = joined({ entries, der_entry({ 2, index }, value) });
    }
    return der_element(0x30, entries);
}

}  // namespace

Bytes der_element(std::uint8_t tag, ByteView content)
{
    Bytes element { tag };
    auto const size = content.size();
    if (size >= 0x100)
        element.insert(element.end(), { 0x82, static_cast<std::uint8_t>(size >> 8) });
    else if (size >= 0x80)
        element.push_back(0x81);
    element.push_back(static_cast<std::uint8_t>(size));
    element.insert(element.end(), content.begin(), content.end());
    return element;
}

Bytes der_of(SgxExtensionSpec const& spec)
{
    std::array const fields { der_entry({ 1 }, der_element(0x04, spec.ppid)), der_entry({ 2 }, der_tcb(spec)),
        der_entry({ 3 }, der_element(0x04, spec.pceid)), der_entry({ 4 }, der_element(0x04, spec.fmspc)),
        der_entry({ 5 }, der_element(0x0a, Bytes { 0 })) };
    Bytes all;
    for (int i = 1; i <= static_cast<int>(fields.size()); ++i) {
        auto const& field = fields[static_cast<std::size_t>(i) - 1];
        auto const times = i == spec.leave_out_field ? 0 : i == spec.repeat_field ? 2 : 1;
        for (int n = 0; n < times; ++n)
            all = joined({ all, field });
    }
    return joined({ der_element(0x30, all), spec.trailing });
}

}  // namespace mpc::simulator
