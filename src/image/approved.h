// The approved digests that the node writes from its contract, in every form it ever wrote, and the choice among them.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "image/digest.h"

namespace mpc::image {

/// How the file was written; told in the log, because an old form means an old node.
enum class ApprovedForm {
    Json,          ///< {"approved_hashes":["sha256:..."]}, since 2025-11-27
    PrefixedText,  ///< "sha256:<hex>", 2025-11-11 to 2025-11-27
    BareText,      ///< 64 hex characters, before that
};

/// The approved digests, newest first, never empty.
struct Approved {
    std::vector<ImageDigest> digests;
    ApprovedForm form;
    std::filesystem::path path;  ///< which file it was
};

/// The content of an approved-digests file, of at most 64 KiB. Unknown JSON members are ignored (as both peers do), a
/// digest twice is harmless and kept once, and white space around the two text forms is tolerated. Anything else that
/// is not exactly one of the three forms is refused: empty, cut short, an empty list, one malformed entry, a member
/// twice. `path` is left empty. Errors: Invalid.
[[nodiscard]] Result<Approved> parse_approved(std::string_view content);

/// Reads `image-digest.bin` in the directory, or `image-digest` when the former does not exist. nullopt when neither
/// exists. A file that exists and cannot be read or understood is an error and never falls back to anything; so is a
/// symbolic link (dangling or not), a directory or a FIFO in its place, and a shared directory that does not exist.
/// Errors: Io, Invalid, with exit code Digest; the path is in the message.
[[nodiscard]] Result<std::optional<Approved>> read_approved(std::filesystem::path const& shared_directory);

/// Why a digest was chosen.
enum class Choice { Newest, Override, Default };

struct Selection {
    ImageDigest digest;
    Choice choice;
};

/// The digest to run: the override if it is approved, else the newest approved, else (no file) the measured default.
/// An override without a file must equal the default (and the choice is then Default). Errors: Invalid, with exit code
/// Digest, naming the rule; an override is never echoed, as it comes from user_config.
[[nodiscard]] Result<Selection> select(std::optional<Approved> const& approved,
    std::optional<ImageDigest> const& override_digest, ImageDigest const& default_digest);

}  // namespace mpc::image
