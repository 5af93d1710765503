// What differs between the versions of dstack's guest agent. (Dstack-TEE/dstack, tags v0.5.0 to v0.5.11 and next.)
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mpc::simulator {

struct Dialect {
    std::string version;           ///< as Version answers it: "0.5.8"
    bool has_version_call = true;  ///< from 0.5.7 on
    bool has_emit_event = true;    ///< until 0.5.11
    bool strips_the_log = true;    ///< GetQuote's log without runtime digests and boot payloads: from 0.5.6 on
    bool logs_storage_fs = true;   ///< from 0.5.5 on
    bool logs_gpu_policy = false;  ///< from 0.6.0 on

    /// Of "0.5.0" to "0.6.x". Errors: Invalid.
    static Result<Dialect> of(std::string_view version);
};

}  // namespace mpc::simulator
