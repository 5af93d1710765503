// One launcher at a time. See docs/decisions/0013-the-lock-lies-where-the-node-can-write.md.
#pragma once

#include "base/fd.h"
#include "docker/engine.h"
#include "dstack/agent.h"
#include "plan.h"

namespace mpc::launcher {

/// Two launchers must not measure at once: the second waits here, and then finds the work done. While this boot has no
/// event of ours, whatever may be the node is stopped before each look at the lock. `agent` is nullptr under NONTEE and
/// only then. Errors: as Engine or Measurement; as Environment when the shared directory cannot be written.
[[nodiscard]] Result<Fd> take_lock(LaunchPlan const& plan, docker::Engine& engine, dstack::Agent* agent,
    Interrupt const& interrupt, Log const& log);

}  // namespace mpc::launcher
