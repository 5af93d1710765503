// Every parser of foreign bytes, as functions of bytes. What they return does not matter: they must not crash, hang, or
// break what they promise of a value that they accept.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace mpc::fuzz {

struct Target {
    char const* name;
    void (*run)(ByteView);
    std::vector<std::string> (*seeds)();  ///< good inputs to start from, text or not
};

/// The parsers that the launcher has.
[[nodiscard]] std::span<Target const> launcher_targets();
/// Those that only mpcctl has.
[[nodiscard]] std::span<Target const> verifier_targets();
[[nodiscard]] std::span<Target const> deploy_targets();
[[nodiscard]] std::span<Target const> image_targets();
/// All of them.
[[nodiscard]] std::vector<Target> targets();

/// Ends the process, as a crash does, unless a promise holds.
void require(bool holds);

}  // namespace mpc::fuzz
