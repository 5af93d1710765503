// The options of the simulated CVM and VMM. With arguments.cpp, the only files that see CLI11.
#pragma once

#include <functional>

#include "mpcctl/sim_cvm.h"
#include "mpcctl/sim_vmm.h"

namespace CLI {
class App;
}

namespace mpc::ctl {

/// Adds the command to `sim`; `chosen` is called when it was given.
void add_sim_cvm(CLI::App& sim, SimCvmOptions& options, std::function<void()> chosen);
void add_sim_vmm(CLI::App& sim, SimVmmOptions& options, std::function<void()> chosen);

}  // namespace mpc::ctl
