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

std::string remedy_for(Error const& error)
{
    if (!error.remedy().empty())
        return error.remedy();
    if (code_of(error) == ExitCode::Usage)
        return "see mpcctl --help, and mpcctl COMMAND --help";
    switch (error.kind()) {
    case ErrorKind::Internal: return "this is a defect of mpcctl: report it, with the command";
    case ErrorKind::NotFound:
    case ErrorKind::Io: return "see that it is there, under this path, and that this user may read or write it";
    case ErrorKind::Invalid:
    case ErrorKind::Mismatch: return "correct what is named; mpcctl(1) says what it has to be";
    case ErrorKind::Interrupted: return "run it again when you want it done";
    case ErrorKind::Timeout:
    case ErrorKind::Unreachable:
    case ErrorKind::Refused: return "see that the other side is well and its address is right, and try again";
    }
    return "";
}

}  // namespace mpc::ctl
