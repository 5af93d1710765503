// mpcctl: deploys, watches and verifies an MPC node in a dstack CVM, and simulates what surrounds it.
#include <iostream>
#include <ranges>

#include "base/fd.h"
#include "base/text.h"
#include "mpcctl/arguments.h"
#include "mpcctl/say.h"

namespace mpc::ctl {
namespace {

Result<ExitCode> mpcctl_main(int count, char const* const* values)
{
    auto const command = TRY(parse_arguments(count, values));
    if (!command)
        return ExitCode::Done;
    auto const interrupt = TRY(Interrupt::on_signals({ SIGTERM, SIGINT, SIGHUP }));
    return std::visit([&](auto const& options) { return run(options, interrupt); }, *command);
}

/// What others wrote is printable where it comes into an error; whatever is forgotten there acts on no terminal either.
void say_printable(char const* label, std::string_view text)
{
    say(stderr, "{}: ", label);
    for (auto const line : std::views::split(text, '\n'))
        say(stderr, "{}\n", printable(std::string_view(line), uncut));
}

ExitCode report(Error const& error)
{
    say_printable("mpcctl", error.message());
    say_printable("remedy", remedy_for(error));
    return code_of(error);
}

/// A result that was lost is none: scripts keep what is printed here. (Help comes through std::cout.)
Result<void> flush_output()
{
    errno = 0;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.flush().good())
        return ok;
    return Error(ErrorKind::Io, "cannot write to standard output: " + errno_text())
        .remedy("what the command does has been done; make room where its output goes, and look again");
}

}  // namespace
}  // namespace mpc::ctl

int main(int count, char const* const* values)
{
    auto result = mpc::ctl::mpcctl_main(count, values);
    if (auto flushed = mpc::ctl::flush_output(); result.ok() && !flushed.ok())
        result = std::move(flushed).error();
    return static_cast<int>(result.ok() ? *result : mpc::ctl::report(result.error()));
}
