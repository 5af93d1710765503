// mpcctl predict: the RTMR3 that a deployment will have.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "attestation/prediction.h"
#include "base/interrupt.h"
#include "mpcctl/exit_code.h"

namespace mpc::ctl {

struct PredictOptions {
    std::filesystem::path app_compose;
    std::optional<std::filesystem::path> compose {};  ///< the launcher's compose file that app-compose must hold
    std::string image_digest;                         ///< "sha256:..." or bare hex
    std::string dstack_version;                       ///< of the guest image
    std::string key_provider;                         ///< {"name":...,"id":...}, or the id of a local-sgx one in hex
    std::optional<std::string> instance_id {};        ///< hex
    bool json = false;
};

/// A table of the events, the register, the hashes; ends with a newline.
[[nodiscard]] std::string as_table(attestation::Prediction const& prediction);
/// {"compose_hash","app_id","mr_config_id","launcher_compose_hash","rtmr3","broken_rule","events":[...]}, the events as
/// in an event log: what `mpcctl verify --predicted` reads.
[[nodiscard]] std::string as_json(attestation::Prediction const& prediction);

/// Prints the prediction on standard output. Errors: Invalid, NotFound, Io.
[[nodiscard]] Result<ExitCode> run(PredictOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
