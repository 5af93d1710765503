#include "simulator/dialect.h"

#include <charconv>

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::simulator {

Result<Dialect> Dialect::of(std::string_view version)
{
    unsigned patch = 0;
    auto const* const digits = version.data() + std::min<std::size_t>(4, version.size());
    auto const* const end = version.data() + version.size();
    auto const read = std::from_chars(digits, end, patch);
    bool const is_05 = version.starts_with("0.5.");
    bool const is_06 = version.starts_with("0.6.");
    if ((!is_05 && !is_06) || read.ec != std::errc() || read.ptr != end || patch > 99)
        return Error(ErrorKind::Invalid, fmt::format("dstack \"{}\" is not simulated", printable(version, 40)))
            .remedy("choose a version from 0.5.0 to 0.5.11, or 0.6.0");
    return Dialect { .version = std::string(version),
        .has_version_call = is_06 || patch >= 7,
        .has_emit_event = is_05,
        .strips_the_log = is_06 || patch >= 6,
        .logs_storage_fs = is_06 || patch >= 5,
        .logs_gpu_policy = is_06 };
}

}  // namespace mpc::simulator
