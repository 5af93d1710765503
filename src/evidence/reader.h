// The one bounds-checked reader under every binary parser of this project.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace mpc::evidence {

/// Walks over bytes that somebody else wrote. A read beyond the end is an error with the offset and the name of what
/// was read; lengths are compared as 64-bit values with what is left, so nothing wraps, and nothing is allocated.
class Reader {
public:
    explicit Reader(ByteView bytes) : m_bytes(bytes) {}

    [[nodiscard]] std::size_t offset() const { return m_offset; }
    [[nodiscard]] std::size_t left() const { return m_bytes.size() - m_offset; }

    /// The next `length` bytes, as a view into the input. Errors: Invalid.
    [[nodiscard]] Result<ByteView> take(std::uint64_t length, char const* what)
    {
        if (length > left())
            return Error(ErrorKind::Invalid,
                std::string(what) + " at byte " + std::to_string(m_offset) + ": " + std::to_string(length)
                    + " bytes expected, " + std::to_string(left()) + " left");
        auto const view = m_bytes.subspan(m_offset, static_cast<std::size_t>(length));
        m_offset += view.size();
        return view;
    }
    /// The next N bytes, copied. Errors: Invalid.
    template <std::size_t N>
    [[nodiscard]] Result<std::array<std::uint8_t, N>> array(char const* what)
    {
        auto const view = TRY(take(N, what));
        std::array<std::uint8_t, N> copy {};
        std::copy(view.begin(), view.end(), copy.begin());
        return copy;
    }
    /// Little-endian whole numbers. Errors: Invalid.
    [[nodiscard]] Result<std::uint16_t> u16(char const* what) { return number<std::uint16_t>(what); }
    [[nodiscard]] Result<std::uint32_t> u32(char const* what) { return number<std::uint32_t>(what); }
    [[nodiscard]] Result<std::uint64_t> u64(char const* what) { return number<std::uint64_t>(what); }

private:
    template <typename T>
    [[nodiscard]] Result<T> number(char const* what)
    {
        auto const view = TRY(take(sizeof(T), what));
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < view.size(); ++i)
            value |= std::uint64_t { view[i] } << (8 * i);
        return static_cast<T>(value);
    }

    ByteView m_bytes;
    std::size_t m_offset = 0;
};

}  // namespace mpc::evidence
