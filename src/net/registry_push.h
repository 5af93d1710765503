// Putting images into a registry (OCI distribution-spec 1.1, "Push").
#pragma once

#include "net/http_upload.h"
#include "net/registry.h"

namespace mpc::net {

/// Starts a body from its beginning: a registry may want it twice.
using StartBody = std::function<Fill()>;

enum class Push { Done, WasThere };

/// Puts a blob of `size` bytes into the repository, in one piece, unless the registry says that it has it. The registry
/// must be one with Access::PullAndPush. Errors: those of Registry, and of the body. What is not what its digest says
/// is refused by the registry, which hashes it too.
[[nodiscard]] Result<Push> push_blob(Registry& registry, BlobDigest const& digest, std::uint64_t size,
    StartBody const& body, Interrupt const& interrupt);

/// Puts a manifest there, whose blobs are there already, under its digest and under the tag where there is one, and
/// reads it back. Errors: those of Registry; Mismatch where the registry calls it otherwise.
[[nodiscard]] Result<void> push_manifest(Registry& registry, std::string_view bytes, std::string const& media_type,
    std::optional<std::string> const& tag, Interrupt const& interrupt);

}  // namespace mpc::net
