// Digests of images, one type for each meaning, so that none passes for another.
#pragma once

#include <array>
#include <compare>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace mpc::image {

namespace detail {
/// The 32 bytes of "sha256:" + 64 lower-case hex. Errors: Invalid, with what is wrong and never the text itself.
[[nodiscard]] Result<std::array<std::uint8_t, 32>> parse_sha256(std::string_view text);
}  // namespace detail

/// A SHA-256 digest that means what its Meaning says, written "sha256:" + 64 lower-case hex (OCI image-spec).
template <typename Meaning>
class Digest {
public:
    /// Exactly the written form. Errors: Invalid.
    static Result<Digest> parse(std::string_view text) { return Digest(TRY(detail::parse_sha256(text))); }
    explicit Digest(std::array<std::uint8_t, 32> bytes) : m_bytes(bytes) {}

    [[nodiscard]] std::string text() const { return "sha256:" + hex(); }
    /// 64 lower-case hex characters, without a prefix ("bare").
    [[nodiscard]] std::string hex() const { return to_hex(m_bytes); }
    [[nodiscard]] std::array<std::uint8_t, 32> const& bytes() const { return m_bytes; }
    auto operator<=>(Digest const&) const = default;

private:
    std::array<std::uint8_t, 32> m_bytes;
};

/// What was approved and is measured. It is either of the two below; which one, the engine's store tells.
using ImageDigest = Digest<struct ApprovedMeaning>;
/// Digest of a manifest or of an index: what a registry serves.
using ManifestDigest = Digest<struct ManifestMeaning>;
/// Digest of an image's config.
using ImageId = Digest<struct ConfigMeaning>;

}  // namespace mpc::image
