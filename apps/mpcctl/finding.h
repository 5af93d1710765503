// What an examination of a machine or a service found.
#pragma once

#include <string>
#include <vector>

namespace mpc::ctl {

enum class Level {
    Good,
    Skipped,  ///< not looked at; the text says why
    Warning,  ///< a node can run like this; the operator should know
    Problem,  ///< a node cannot be run, or cannot attest, until it is mended
};
/// "ok", "skipped", "warning", "problem".
[[nodiscard]] char const* name_of(Level level);

/// One thing that was looked at. The text is printable.
struct Finding {
    Level level = Level::Good;
    std::string what;       ///< a name that stays, such as "host-tdx"
    std::string text;       ///< what was seen
    std::string remedy {};  ///< for a warning or a problem: what to do
};

[[nodiscard]] Finding good(std::string what, std::string text);
[[nodiscard]] Finding skipped(std::string what, std::string why);
[[nodiscard]] Finding warning(std::string what, std::string text, std::string remedy);
[[nodiscard]] Finding problem(std::string what, std::string text, std::string remedy);

using Findings = std::vector<Finding>;

}  // namespace mpc::ctl
