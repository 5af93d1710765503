// Values that several commands' options have.
#pragma once

#include <optional>

#include "crypto/time.h"
#include "image/digest.h"

namespace mpc::ctl {

/// "2026-08-13T12:00:00Z" (UTC) or Unix seconds. Errors: Invalid (exit code Usage).
[[nodiscard]] Result<crypto::Time> parse_moment(std::string_view text);

/// The time of an option --at, or the clock's. Errors: Invalid (exit code Usage).
[[nodiscard]] Result<crypto::Time> moment_or_now(std::optional<std::string> const& at);

/// "sha256:" and 64 lower-case hex characters, or these alone. Errors: Invalid (exit code Usage).
[[nodiscard]] Result<image::ImageDigest> parse_image_digest(std::string const& text);

}  // namespace mpc::ctl
