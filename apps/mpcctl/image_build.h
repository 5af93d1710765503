// mpcctl image build: the same files give the same digest, on any machine.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "mpcctl/exit_code.h"
#include "mpcctl/image_place.h"

namespace mpc::ctl {

struct ImageBuildOptions {
    std::optional<std::filesystem::path> root {};
    std::vector<std::string> files {};  ///< SRC:DEST[:MODE]
    std::optional<std::filesystem::path> manifest {};
    std::optional<std::string> base {};  ///< an image place; in a registry with a digest
    std::string output;                  ///< oci:DIR, oci-archive:FILE, docker-archive:FILE, registry:NAME[:TAG]
    std::optional<std::string> name {};  ///< REPOSITORY:TAG
    ImageAccess access {};
    std::string compression = "gzip";
    std::string owner = "0:0";
    std::vector<std::string> preserve {};  ///< modes, owners, capabilities
    std::vector<std::string> entrypoint {};
    std::vector<std::string> command {};
    std::vector<std::string> env {};
    std::vector<std::string> labels {};
    std::vector<std::string> ports {};
    std::optional<std::string> workdir {};
    std::optional<std::string> user {};
    unsigned threads = 0;  ///< 0: one for each processor
    bool json = false;
};

/// Builds the image and prints its digests. The time of everything in it is SOURCE_DATE_EPOCH, by default 0. Errors:
/// Invalid (exit code Usage for options), NotFound, Io, Mismatch (a base that is not what its digests say), and those
/// of open_image() and push_image().
[[nodiscard]] Result<ExitCode> run(ImageBuildOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
