// The disk of a simulated CVM, sealed as a local key provider seals it.
#pragma once

#include <filesystem>

#include "hash/hash.h"
#include "simulator/seed.h"

namespace mpc::simulator {

/// Everything that the sealing key hangs on: change one, and the disk cannot be opened again.
struct SealedTo {
    Sha256 compose_hash {};
    unsigned vcpu = 1;
    unsigned memory = 1024;  ///< MB
    std::string os_image;
};

/// Which key the key provider gives to such a CVM; 64 hex characters.
[[nodiscard]] std::string sealing_key_fingerprint(SealedTo const& to, Seed const& seed);

enum class DiskState { Initialised, Opened };

/// Opens the disk, or initialises an empty one. The file `seal` in it says what opens it. Errors: Refused, in
/// cryptsetup's words, when it was sealed by another key; Io.
[[nodiscard]] Result<DiskState> open_disk(std::filesystem::path const& disk, std::string const& fingerprint);

}  // namespace mpc::simulator
