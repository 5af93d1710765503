// The command line of `mpcctl image`.
#pragma once

#include <optional>

#include "mpcctl/arguments.h"

namespace CLI {
class App;
}

namespace mpc::ctl {

struct ImageCommands {
    ImageBuildOptions build {};
    ImageDigestOptions digest {};
    ImageCompareOptions compare {};
};

/// Adds the group to the command line; all of the arguments must outlive the parsing.
void add_image_commands(CLI::App& app, ImageCommands& commands, std::optional<Command>& chosen);

}  // namespace mpc::ctl
