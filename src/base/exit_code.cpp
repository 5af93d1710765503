#include "base/exit_code.h"

namespace mpc {

std::string_view name_of(ExitCode code)
{
    switch (code) {
    case ExitCode::Done: return "launched";
    case ExitCode::Internal: return "internal";
    case ExitCode::Usage: return "usage";
    case ExitCode::Environment: return "environment";
    case ExitCode::Config: return "config";
    case ExitCode::Digest: return "digest";
    case ExitCode::Pull: return "pull";
    case ExitCode::Image: return "image";
    case ExitCode::Measurement: return "measurement";
    case ExitCode::Reboot: return "reboot";
    case ExitCode::Engine: return "engine";
    case ExitCode::Container: return "container";
    case ExitCode::Node: return "node";
    }
    return "internal";
}

}  // namespace mpc
