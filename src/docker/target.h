// Paths of the Engine API with a foreign name in them, built so that the name cannot make another path of it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mpc::docker {

/// "/containers/{id}", and "/{action}" after it unless that is empty. The engine resolves ids and names alike:
/// [A-Za-z0-9][A-Za-z0-9_.-]*, at most 255 characters. Errors: Invalid, without the name.
[[nodiscard]] Result<std::string> container_path(std::string_view id, std::string_view action);

/// "{before}{reference}{after}", for example "/images/" + "ghcr.io/near/mpc-node@sha256:..." + "/json". A reference is
/// an image ID, or a repository with a tag or a digest; its '/', ':' and '@' stay as they are, which is how Docker's
/// own client sends it. Refused is what a server might resolve as another path ("..", "//") or decode (anything with
/// '%'). Errors: Invalid, without the reference.
[[nodiscard]] Result<std::string> image_path(std::string_view before, std::string_view reference,
    std::string_view after);

/// Errors: Invalid, as container_path and image_path have them.
[[nodiscard]] Result<void> check_container_name(std::string_view name);
[[nodiscard]] Result<void> check_reference(std::string_view reference);

}  // namespace mpc::docker
