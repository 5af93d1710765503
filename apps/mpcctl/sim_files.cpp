#include "mpcctl/sim_files.h"

#include "base/fd.h"

namespace mpc::ctl {

Result<void> write_files(std::filesystem::path const& directory, std::vector<simulator::EvidenceFile> const& files)
{
    std::error_code failure;
    std::filesystem::create_directories(directory, failure);
    if (failure)
        return Error(ErrorKind::Io, directory.string() + ": " + failure.message())
            .remedy("name a directory that is there, or that can be made");
    for (auto const& [name, content] : files)
        TRY(write_file_atomically(directory / name, content).remedy("name a directory that can be written to"));
    return ok;
}

}  // namespace mpc::ctl
