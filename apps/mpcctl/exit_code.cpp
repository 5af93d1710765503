#include "mpcctl/exit_code.h"

namespace mpc::ctl {

ExitCode code_of(Error const& error)
{
    if (error.exit_code() == mpc::ExitCode::Usage)
        return ExitCode::Usage;
    if (error.exit_code() == mpc::ExitCode::Node)
        return ExitCode::RolledBack;
    switch (error.kind()) {
    case ErrorKind::Internal: return ExitCode::Internal;
    case ErrorKind::Invalid:
    case ErrorKind::NotFound:
    case ErrorKind::Io:
    case ErrorKind::Mismatch: return ExitCode::Input;
    case ErrorKind::Timeout:
    case ErrorKind::Interrupted:
    case ErrorKind::Unreachable:
    case ErrorKind::Refused: return ExitCode::OtherSide;
    }
    return ExitCode::Internal;
}

}  // namespace mpc::ctl
