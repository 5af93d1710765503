// What the contract's views return, parsed strictly. Source: near/mpc crates/contract (../shared/reference/near-mpc.md
// section 1.10). A hash is 64 lower-case hex characters, "sha256:" before them or not; twice in a list it counts where
// it is newest. Each function: at most 1 MiB. Errors: Invalid, with the entry's number.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "hash/hash.h"
#include "image/digest.h"

namespace mpc::near {

/// An image of the node that the network allows.
struct AllowedImage {
    image::ImageDigest digest;
    /// From when on the contract no longer counts it; absent for the newest, until a newer one is voted in.
    std::optional<std::chrono::sys_seconds> deadline {};
};

/// The registers that the network accepts, and the digest of the key provider's event.
struct AllowedMeasurements {
    Sha384 mrtd {};
    Sha384 rtmr0 {};
    Sha384 rtmr1 {};
    Sha384 rtmr2 {};
    Sha384 key_provider_event_digest {};
};

/// allowed_docker_image_hashes, newest first as the view has them: objects with image_hash and expiry_timestamp_seconds
/// (a number or null), or from older contracts hashes alone. Other members are ignored, as nodes do.
[[nodiscard]] Result<std::vector<AllowedImage>> parse_allowed_images(std::string_view json);

/// Whether the contract still counts the image at that time.
[[nodiscard]] bool is_allowed(AllowedImage const& image, std::chrono::sys_seconds now);

/// Whether no deadline contradicts "newest first": a newer image is never allowed for a shorter time than an older one.
[[nodiscard]] bool deadlines_agree_with_order(std::vector<AllowedImage> const& images);

/// allowed_launcher_image_hashes, newest first here; the view has the newest last.
[[nodiscard]] Result<std::vector<image::ImageDigest>> parse_allowed_launchers(std::string_view json);

/// allowed_launcher_compose_hashes, in the view's order.
[[nodiscard]] Result<std::vector<Sha256>> parse_allowed_composes(std::string_view json);

/// allowed_os_measurements, in the view's order. Every member is hex of 48 bytes.
[[nodiscard]] Result<std::vector<AllowedMeasurements>> parse_allowed_measurements(std::string_view json);

}  // namespace mpc::near
