// What a deployment will measure, told before it exists.
#pragma once

#include <optional>
#include <string>

#include "evidence/event_log.h"
#include "image/digest.h"

namespace mpc::attestation {

/// Everything that decides RTMR3.
struct Deployment {
    std::string app_compose;           ///< the exact bytes
    std::string dstack_version;        ///< of the guest image, "0.5.8": which events there are
    std::string key_provider;          ///< the payload of its event, {"name":"local-sgx","id":"..."}
    std::optional<Bytes> instance_id;  ///< 20 bytes; needed unless app-compose says no_instance_id
    image::ImageDigest image_digest;
};

struct Prediction {
    Sha256 compose_hash {};                          ///< SHA-256 of the app-compose
    Bytes app_id;                                    ///< its first 20 bytes
    std::array<std::uint8_t, 48> mr_config_id {};    ///< 01, the compose hash, zeros
    std::optional<Sha256> launcher_compose_hash {};  ///< SHA-256 of docker_compose_file; absent when there is none
    std::optional<std::string> broken_rule {};       ///< the network's first rule that the app-compose breaks
    evidence::EventLog events;                       ///< of RTMR3, in order, with digests
    evidence::Rtmr rtmr3;
};

/// dstack 0.5.0 to 0.6 without a KMS (whose events depend on its certificates) and without init scripts or a GPU
/// policy; the network forbids the first two. Source: ../shared/reference/dstack.md section 2.
/// Errors: Invalid, naming the input: the app-compose, a version that is not known, an instance id that is missing,
/// superfluous or not 20 bytes, a key provider that is not JSON with name and id or is not the one the app-compose asks
/// for.
[[nodiscard]] Result<Prediction> predict(Deployment const& deployment);

}  // namespace mpc::attestation
