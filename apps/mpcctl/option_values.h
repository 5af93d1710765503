// Values that several commands' options have.
#pragma once

#include "crypto/time.h"
#include "image/digest.h"

namespace mpc::ctl {

/// "2026-08-13T12:00:00Z" (UTC) or Unix seconds. Errors: Invalid (exit code Usage).
[[nodiscard]] Result<crypto::Time> parse_moment(std::string_view text);

/// "sha256:" and 64 lower-case hex characters, or these alone. Errors: Invalid (exit code Usage).
[[nodiscard]] Result<image::ImageDigest> parse_image_digest(std::string const& text);

}  // namespace mpc::ctl
