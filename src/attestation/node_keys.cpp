#include "attestation/node_keys.h"

#include <algorithm>

#include "hash/hash.h"

namespace mpc::attestation {

namespace {

constexpr std::string_view near_prefix = "ed25519:";
constexpr std::string_view base58_alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::size_t most_base58_characters = 44;  // of 32 bytes

/// Multiplies the big-endian number by 58 and adds the digit; false when it grows out of its 32 bytes.
bool append_digit(std::array<std::uint8_t, 32>& number, std::size_t digit)
{
    std::size_t carry = digit;
    for (auto byte = number.rbegin(); byte != number.rend(); ++byte) {
        carry += std::size_t { 58 } * *byte;
        *byte = static_cast<std::uint8_t>(carry & 0xff);
        carry >>= 8;
    }
    return carry == 0;
}

}  // namespace

Result<NearKey> NearKey::parse(std::string_view text)
{
    Error const invalid(ErrorKind::Invalid, "not a key of the form \"ed25519:\" and base58 of 32 bytes");
    if (!text.starts_with(near_prefix))
        return invalid;
    auto const digits = text.substr(near_prefix.size());
    if (digits.empty() || digits.size() > most_base58_characters)
        return invalid;
    NearKey key;
    for (auto const c : digits) {
        auto const digit = base58_alphabet.find(c);
        if (digit == std::string_view::npos || !append_digit(key.bytes, digit))
            return invalid;
    }
    // Base58 writes each leading zero byte as a leading '1', so that the length is part of the text.
    auto const zeros = std::min(digits.find_first_not_of('1'), digits.size());
    auto const leading = std::ranges::find_if(key.bytes, [](auto byte) { return byte != 0; }) - key.bytes.begin();
    if (zeros != static_cast<std::size_t>(leading))
        return invalid;
    return key;
}

ReportData report_data_of(NodeKeys const& keys)
{
    ReportData data {};
    data[1] = 1;
    std::ranges::copy(sha3_384({ keys.tls.bytes, keys.account.bytes }), data.begin() + 2);
    return data;
}

ReportData report_data_of_receipt(std::string_view receipt)
{
    ReportData data {};
    std::ranges::copy(sha384({ as_bytes(receipt) }), data.begin());
    return data;
}

}  // namespace mpc::attestation
