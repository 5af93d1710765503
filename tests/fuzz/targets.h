// Every parser of foreign bytes that the launcher has, as functions of bytes. What they return does not matter: they
// must not crash, hang, or break what they promise of a value that they accept.
#pragma once

#include <span>

#include "base/bytes.h"

namespace mpc::fuzz {

struct Target {
    char const* name;
    void (*run)(ByteView);
    std::span<char const* const> seeds;  ///< good inputs to start from, as text
};

[[nodiscard]] std::span<Target const> targets();

}  // namespace mpc::fuzz
