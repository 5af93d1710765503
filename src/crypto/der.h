// Walking through DER, one element after the other.
#pragma once

#include "base/bytes.h"

namespace mpc::crypto {

/// Universal tags that Intel's extension uses.
enum class Tag { Boolean = 1, Integer = 2, OctetString = 4, ObjectIdentifier = 6, Enumerated = 10, Sequence = 16 };

/// A cursor over the elements of one constructed value. Nothing nests by itself: who expects a sequence opens another
/// cursor over its content, so depth is bounded by the reader's own code.
class DerReader {
public:
    explicit DerReader(ByteView bytes) : m_rest(bytes) {}

    [[nodiscard]] bool at_end() const { return m_rest.empty(); }
    /// The content of the next element, which must have this tag. Errors: Invalid (another tag, cut short, an
    /// indefinite length).
    [[nodiscard]] Result<ByteView> next(Tag tag);
    /// The next element as a whole number from 0 to `most`. Errors: Invalid (negative, padded or larger).
    [[nodiscard]] Result<std::uint32_t> next_integer(std::uint32_t most);
    /// The next element as octets, which must be `size` bytes. Errors: Invalid.
    [[nodiscard]] Result<ByteView> next_octets(std::size_t size);
    /// Errors: Invalid when something is left.
    [[nodiscard]] Result<void> finish() const;

private:
    ByteView m_rest;
};

}  // namespace mpc::crypto
