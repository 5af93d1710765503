// Everything that a real machine has by chance, made from one number instead, so that a simulation can be repeated.
#pragma once

#include <cstdint>
#include <string_view>

#include "hash/hash.h"

namespace mpc::simulator {

/// Gives for each label bytes of its own; the same seed and label give the same bytes.
class Seed {
public:
    explicit Seed(std::uint64_t number) : m_number(number) {}

    [[nodiscard]] Sha256 bytes32(std::string_view label) const
    {
        return sha256({ as_bytes(prefix()), as_bytes(label) });
    }
    [[nodiscard]] Sha384 bytes48(std::string_view label) const
    {
        return sha384({ as_bytes(prefix()), as_bytes(label) });
    }

private:
    [[nodiscard]] std::string prefix() const { return "mpc simulator " + std::to_string(m_number) + ":"; }

    std::uint64_t m_number;
};

}  // namespace mpc::simulator
