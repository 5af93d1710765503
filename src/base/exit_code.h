// The exit codes of both programs. One table; docs/exit-codes.md is checked against it by a test.
#pragma once

#include <string_view>

namespace mpc {

/// What a program's end means to the operator. The launcher uses 0-12, mpcctl those listed in its man page.
enum class ExitCode : int {
    Done = 0,         ///< launched: started now, or already running as measured
    Internal = 1,     ///< a defect of ours
    Usage = 2,        ///< unknown option or command
    Environment = 3,  ///< PLATFORM, DOCKER_CONTENT_TRUST, DEFAULT_IMAGE_DIGEST and other measured inputs
    Config = 4,       ///< user_config missing, unreadable, malformed or forbidden
    Digest = 5,       ///< approved-digests file or override refused
    Pull = 6,         ///< image not obtained within its retries and deadline
    Image = 7,        ///< what was obtained is not what was approved
    Measurement = 8,  ///< agent unreachable, extension or proof failed
    Reboot = 9,       ///< this boot cannot be measured (again): reboot the CVM
    Engine = 10,      ///< Docker Engine unreachable, or create, start or stop failed
    Container = 11,   ///< the created container is not what was asked for
    Node = 12,        ///< under --supervise: the node ended and is not to be restarted
};

/// The stable name of a code, as in docs/exit-codes.md: "launched", "pull", "reboot", ...
[[nodiscard]] std::string_view name_of(ExitCode code);

}  // namespace mpc
