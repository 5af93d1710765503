// The JSON of dstack-vmm's calls, read strictly and written. Pure.
#pragma once

#include <string_view>

#include "vmm/types.h"
#include "json/json.h"

namespace mpc::vmm {

/// The body of CreateVm and GetComposeHash. It holds the user_config.
[[nodiscard]] json::Object to_json(Configuration const& configuration);
/// The body of UpdateVm. It may hold the user_config.
[[nodiscard]] json::Object to_json(std::string_view id, Update const& update);

/// One VM of Status' or GetInfo's answer. Members that nobody needs are ignored, as each version has others.
/// Errors: Invalid, naming the member, never with its value.
[[nodiscard]] Result<VmInfo> parse_vm(json::Object const& object);

/// The name of a port forward's protocol. Errors: Invalid.
[[nodiscard]] Result<Protocol> protocol_named(std::string_view name);

}  // namespace mpc::vmm
