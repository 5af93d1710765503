// The checks of a plan, one function each. Each returns sentences for the operator, without values of user_config.
#pragma once

#include "config/plan.h"
#include "vmm/plan.h"

namespace mpc::vmm {

/// Ports that are given twice, or that another VM of the host has; a stopped VM's are in `warnings`.
void check_ports(Wanted const& wanted, Existing const& existing, Plan& plan);
/// A VMM that forwards no ports, and ports that its machine cannot give, as far as that machine is this one.
void check_forwarding(Wanted const& wanted, Existing const& existing, Plan& plan);
/// Characters that the VMM refuses in a name, and an image that the VMM does not have.
void check_name_and_image(Wanted const& wanted, Existing const& existing, Plan& plan);
/// What the launcher will say of the user_config, and what neither it nor the node can start with.
void check_user_config(Wanted const& wanted, Plan& plan);
/// The network's rules and dstack's bounds for app-compose.
void check_app_compose(Wanted const& wanted, Plan& plan);

/// Which boot nodes name the same peer: pairs of positions, from 1, in a comma-separated list.
[[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> repeated_boot_nodes(std::string_view list);

}  // namespace mpc::vmm
