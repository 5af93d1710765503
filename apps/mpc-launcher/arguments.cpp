// The only file that sees CLI11.
#include "arguments.h"

#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/command_line.h"

namespace mpc::launcher {

Result<std::optional<Arguments>> parse_arguments(int count, char const* const* values)
{
    CLI::App app(
        "Starts an MPC node whose image is approved and measured. Every option has an equal environment variable.",
        "mpc-launcher");
    app.set_version_flag("--version", "mpc-launcher " MPC_VERSION);
    Arguments arguments;
    for (auto const& setting : settings()) {
        auto const text = fmt::format("{} [{}]", setting.description, setting.variable);
        app.add_option(setting.option, arguments.options[setting.variable], text);
    }
    app.add_flag("--check", arguments.check, "stop after planning and print the plan as JSON");
    app.add_flag("--supervise", arguments.supervise, "stay: restart a failed node, fetch newly approved images");
    try {
        app.parse(command_line_words(count, values));
    } catch (CLI::Success const& asked) {
        app.exit(asked, std::cout);
        return std::optional<Arguments>();
    } catch (CLI::Error const& error) {
        return Error(ErrorKind::Invalid, printable(error.what()))
            .exit_as(ExitCode::Usage)
            .remedy("see mpc-launcher --help");
    }
    for (auto const& setting : settings()) {
        if (app.count(setting.option) == 0)
            arguments.options.erase(setting.variable);
    }
    return std::optional(std::move(arguments));
}

}  // namespace mpc::launcher
