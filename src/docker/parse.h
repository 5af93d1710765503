// The Engine API's answers: bytes in, values out. An engine may add members at any time and they are ignored, but each
// one that we rely on must be there and of its type. A list or map that is null is an empty one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "docker/engine.h"

namespace mpc::docker {

/// GET /version. Errors (of all parse_...): Invalid, naming the member and never its value.
struct EngineVersion {
    std::string version;      ///< "20.10.24+dfsg1", made printable
    std::string api_version;  ///< the one to speak: the highest that the engine and we know
};
/// Also Refused, with a remedy, when the engine and we have no version of the API in common.
[[nodiscard]] Result<EngineVersion> parse_version(std::string_view body);

/// GET /info: DriverStatus has ["driver-type", "io.containerd.snapshotter.v1"] where images are kept by containerd.
[[nodiscard]] Result<ImageStore> parse_store(std::string_view body);

/// GET /images/json. "<none>@<none>", as engines before API 1.43 write for an image without a name, is left out.
[[nodiscard]] Result<std::vector<ImageSummary>> parse_images(std::string_view body);
/// GET /images/{name}/json. Of the config any member may be absent: engines from 29 on leave out what is empty.
[[nodiscard]] Result<ImageDetails> parse_image(std::string_view body);
/// GET /containers/json. A state that the API does not know is refused, not taken for "not running".
[[nodiscard]] Result<std::vector<ContainerSummary>> parse_containers(std::string_view body);
/// POST /containers/create: the id, 64 lower-case hex.
[[nodiscard]] Result<std::string> parse_created(std::string_view body);
/// GET /distribution/{name}/json.
[[nodiscard]] Result<Distribution> parse_distribution(std::string_view body);
/// POST /containers/{id}/wait. Also Refused, when the engine says that waiting failed (its text is not in the message).
[[nodiscard]] Result<Exit> parse_exit(std::string_view body);

/// What the engine says in an answer that is no success: "message" of the JSON object, else the whole body, which some
/// refusals are (of an API version, of a proxy).
[[nodiscard]] std::string refusal_text(std::string_view body);

/// Foreign text fit for an error: scrubbed first, as a cut might leave half of a secret, then printable and short.
[[nodiscard]] std::string clean(Scrubber const& scrubber, std::string_view text);

}  // namespace mpc::docker
