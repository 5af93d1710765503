#include "crypto/der.h"

#include "crypto/handles.h"

namespace mpc::crypto {

Result<ByteView> DerReader::next(Tag tag)
{
    unsigned char const* at = m_rest.data();
    long length = 0;
    int found_tag = 0, tag_class = 0;
    // 0x80 is OpenSSL's word for an error, bit 0 for an indefinite length, 0x20 for a constructed value.
    auto const form =
        m_rest.empty() ? 0x80 : ASN1_get_object(&at, &length, &found_tag, &tag_class, static_cast<long>(m_rest.size()));
    auto const constructed = tag == Tag::Sequence ? V_ASN1_CONSTRUCTED : 0;
    if (form != constructed || tag_class != V_ASN1_UNIVERSAL || found_tag != static_cast<int>(tag))
        return Error(ErrorKind::Invalid, "DER: expected an element with tag " + std::to_string(static_cast<int>(tag)));
    auto const header = static_cast<std::size_t>(at - m_rest.data());
    auto const content = m_rest.subspan(header, static_cast<std::size_t>(length));
    m_rest = m_rest.subspan(header + content.size());
    return content;
}

Result<std::uint32_t> DerReader::next_integer(std::uint32_t most)
{
    auto const content = TRY(next(Tag::Integer));
    bool const padded = content.size() > 1 && content[0] == 0 && content[1] < 0x80;
    if (content.empty() || content.size() > 4 || content[0] >= 0x80 || padded)
        return Error(ErrorKind::Invalid, "DER: an integer that is negative, padded or too large");
    std::uint32_t value = 0;
    for (auto const byte : content)
        value = value << 8 | byte;
    if (value > most)
        return Error(ErrorKind::Invalid,
            "DER: the integer " + std::to_string(value) + " is above " + std::to_string(most));
    return value;
}

Result<ByteView> DerReader::next_octets(std::size_t size)
{
    auto const content = TRY(next(Tag::OctetString));
    if (content.size() != size)
        return Error(ErrorKind::Invalid,
            "DER: expected " + std::to_string(size) + " octets, found " + std::to_string(content.size()));
    return content;
}

Result<void> DerReader::finish() const
{
    if (!m_rest.empty())
        return Error(ErrorKind::Invalid, "DER: " + std::to_string(m_rest.size()) + " bytes too many");
    return ok;
}

}  // namespace mpc::crypto
