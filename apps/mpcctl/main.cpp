// mpcctl: deploys, watches and verifies an MPC node in a dstack CVM, and simulates what surrounds it.
#include <cstdio>

#include <fmt/format.h>

#include "mpcctl/arguments.h"

namespace mpc::ctl {
namespace {

Result<ExitCode> mpcctl_main(int count, char const* const* values)
{
    auto const command = TRY(parse_arguments(count, values));
    if (!command)
        return ExitCode::Done;
    auto const interrupt = TRY(Interrupt::on_signals());
    return std::visit([&](auto const& options) { return run(options, interrupt); }, *command);
}

ExitCode report(Error const& error)
{
    fmt::print(stderr, "mpcctl: {}\n", error.message());
    if (!error.remedy().empty())
        fmt::print(stderr, "remedy: {}\n", error.remedy());
    return code_of(error);
}

}  // namespace
}  // namespace mpc::ctl

int main(int count, char const* const* values)
{
    auto const result = mpc::ctl::mpcctl_main(count, values);
    return static_cast<int>(result.ok() ? *result : mpc::ctl::report(result.error()));
}
