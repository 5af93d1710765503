#include "simulator/sealed_disk.h"

#include <fmt/format.h>

#include "base/fd.h"

namespace mpc::simulator {

std::string sealing_key_fingerprint(SealedTo const& to, Seed const& seed)
{
    return to_hex(seed.bytes32(fmt::format("sealing key {} {} {} {}", to_hex(to.compose_hash), to.vcpu, to.memory,
        to.os_image)));
}

Result<DiskState> open_disk(std::filesystem::path const& disk, std::string const& fingerprint)
{
    auto const seal = disk / "seal";
    auto const sealed_by = read_file(seal, 4096);
    if (!sealed_by.ok() && sealed_by.error().kind() == ErrorKind::NotFound) {
        TRY(write_file_atomically(seal, fingerprint));
        return DiskState::Initialised;
    }
    if (TRY(sealed_by) != fingerprint)
        return Error(ErrorKind::Refused,
            "Failed to open encrypted data disk: No key available with this passphrase. The disk was sealed for "
            "another compose hash, vCPU count, memory size or OS image")
            .remedy("restore the app-compose and resources that the disk was made with");
    return DiskState::Opened;
}

}  // namespace mpc::simulator
