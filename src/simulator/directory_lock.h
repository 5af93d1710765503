// One process for one directory.
#pragma once

#include <filesystem>

#include "base/fd.h"
#include "base/interrupt.h"

namespace mpc::simulator {

/// Locks the directory for as long as the descriptor, or a copy that a child has inherited, is open. `what` it is that
/// has the lock: "a CVM". Errors: Io; Invalid (locked, still after `patience`).
[[nodiscard]] Result<Fd> lock_directory(std::filesystem::path const& directory, std::string const& what,
    Duration patience);

}  // namespace mpc::simulator
