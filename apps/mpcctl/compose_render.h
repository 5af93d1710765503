// mpcctl compose render: the launcher's compose file from a template and two digests, byte for byte.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/interrupt.h"
#include "image/digest.h"
#include "mpcctl/exit_code.h"

namespace mpc::ctl {

struct ComposeRenderOptions {
    std::filesystem::path template_file;
    std::optional<std::string> launcher_digest {};  ///< "sha256:..." or bare hex
    std::optional<std::string> image_digest {};     ///< the same
    std::optional<std::filesystem::path> output {};
    bool json = false;
};

/// Which digest goes where; one that is absent has no placeholder.
struct ComposeDigests {
    std::optional<image::ImageDigest> launcher {};        ///< for {{LAUNCHER_IMAGE_HASH}}
    std::optional<image::ImageDigest> image {};           ///< for {{DEFAULT_IMAGE_DIGEST_HASH}}
    char const* launcher_given_by = "--launcher-digest";  ///< how people give it, for errors
    char const* image_given_by = "--image-digest";
};

/// The template with each placeholder replaced by the bare hex of its digest, and every other byte unchanged. The
/// SHA-256 of the outcome is what the network's contract allows. Errors: Invalid, with the names and the places ("line
/// 6, column 40") of placeholders that are unknown, not closed or not filled; or naming a digest for which there is no
/// placeholder.
[[nodiscard]] Result<std::string> render_compose(std::string_view text, ComposeDigests const& digests);

/// Writes the compose file to the output and prints its SHA-256; without an output it goes to standard output, and the
/// SHA-256 to standard error. Errors: Invalid, NotFound, Io.
[[nodiscard]] Result<ExitCode> run(ComposeRenderOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
