#include "attestation/byte_member.h"

namespace mpc::attestation {

Result<Bytes> bytes_of(json::Value const& value)
{
    if (auto const* text = value.text())
        return from_hex(*text);
    auto const* list = value.array();
    if (!list)
        return Error(ErrorKind::Invalid, "neither hex nor a list of byte values");
    Bytes result;
    for (auto const& item : *list) {
        if (!item.number() || *item.number() > 0xff)
            return Error(ErrorKind::Invalid, "holds something other than byte values");
        result.push_back(static_cast<std::uint8_t>(*item.number()));
    }
    return result;
}

Result<Bytes> require_bytes(json::Object const& object, std::string const& name)
{
    return bytes_of(*TRY(object.require(name))).in(name);
}

}  // namespace mpc::attestation
