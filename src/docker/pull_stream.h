// The progress stream of POST /images/create, read as it comes: JSON objects one after the other, with or without new
// lines between them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "docker/engine.h"

namespace mpc::docker {

/// Reads the stream of one pull by digest. Bounds: an object of 256 KiB, 1024 layers.
///
/// A 200 stands before the pull has begun, so the end of the stream decides. What every engine since 1.41 says last of
/// a pull that worked, in both stores, is {"status":"Digest: sha256:..."} and then {"status":"Status: ..."}; of one
/// that did not, {"errorDetail":{"message":...},"error":...}. Both of the former are demanded, so silence is never
/// success.
class PullStream {
public:
    PullStream(image::ManifestDigest const& asked, Scrubber const& scrubber) : m_asked(asked), m_scrubber(scrubber) {}

    /// The next bytes, cut anywhere. Errors, scrubbed: Refused (the engine's own error), Invalid (not such a stream, or
    /// another digest than asked for). After an error no more is fed.
    [[nodiscard]] Result<void> feed(std::string_view piece);
    /// At the end of the bytes, whether the image was pulled. Errors: Invalid.
    [[nodiscard]] Result<void> finish() const;

    /// The layers known so far. bytes_done falls when the engine starts a broken layer anew.
    [[nodiscard]] PullProgress progress() const;
    /// When the registry wants to be asked again, if the engine's error says so.
    [[nodiscard]] std::optional<Duration> retry_after() const { return m_retry_after; }

private:
    struct Layer {
        std::uint64_t done = 0;
        std::uint64_t total = 0;
        bool complete = false;
    };

    Result<void> take(char c);
    Result<void> message(std::string_view text);
    Error failure(json::Object const& message);
    Result<void> result(std::string_view status);
    Result<void> layer(std::string const& id, std::string_view status, json::Object const& message);

    image::ManifestDigest const& m_asked;
    Scrubber const& m_scrubber;

    std::string m_object;  // what has come of the object that is being read
    std::size_t m_depth = 0;
    bool m_in_string = false;
    bool m_escaped = false;

    std::map<std::string, Layer> m_layers;
    bool m_has_digest = false;
    bool m_has_status = false;
    std::optional<Duration> m_retry_after;
};

}  // namespace mpc::docker
