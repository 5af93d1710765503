// What differs between two texts of user_config, told by names.
#pragma once

#include <string_view>
#include <vector>

#include "vmm/plan.h"

namespace mpc::vmm {

/// One change for each setting of either form that was added, removed or given another value: its name, or "(a key)"
/// where that may be a value in the wrong place, never its value; but the image override with its digests, which are no
/// secrets. One change that says so when only the writing differs, or when the launcher cannot read both texts. Never
/// empty.
[[nodiscard]] std::vector<Change> user_config_changes(std::string_view before, std::string_view after);

}  // namespace mpc::vmm
