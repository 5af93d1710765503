// The exit codes of mpcctl. (The launcher's are in base/exit_code.h; the first three are the same.)
#pragma once

#include "base/result.h"

namespace mpc::ctl {

enum class ExitCode : int {
    Done = 0,         ///< done; verified and trusted
    Internal = 1,     ///< a defect of ours
    Usage = 2,        ///< unknown command, option or value of one
    Input = 3,        ///< a file or other input unreadable or malformed
    OtherSide = 4,    ///< the other side is unreachable, silent, refuses, or answers nonsense
    NotTrusted = 10,  ///< verified, and not trusted
    RolledBack = 11,  ///< deployed but not healthy; rolled back
    NothingToDo = 12,
    SameContent = 13,  ///< compared: the same content under another digest
};

/// Usage where the error says so, RolledBack where it is about a node (Node); otherwise what its kind means: by default
/// a bad input.
[[nodiscard]] ExitCode code_of(Error const& error);

/// The error's remedy; where nobody has given it one, what to do about errors of its kind. Never empty.
[[nodiscard]] std::string remedy_for(Error const& error);

/// Marks whatever went wrong while talking to somebody as the other side's doing, so that code_of() says OtherSide.
/// That we were asked to end is nobody's.
template <typename T>
[[nodiscard]] Result<T> from_other_side(Result<T> result)
{
    if (result.ok() || result.error().kind() == ErrorKind::Internal || result.error().kind() == ErrorKind::Interrupted)
        return result;
    return Error(ErrorKind::Refused, result.error().message()).remedy(result.error().remedy());
}

}  // namespace mpc::ctl
