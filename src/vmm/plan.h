// What deploying would do, told before anything is done. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hash/hash.h"
#include "vmm/deployment.h"
#include "vmm/types.h"

namespace mpc::vmm {

/// A deployment with the content of its files.
struct Wanted {
    Deployment deployment;
    std::string compose {};      ///< the launcher's compose file, rendered
    std::string app_compose {};  ///< the bytes of app-compose.json with it
    Secret user_config {};
};

/// What there is at the VMM.
struct Existing {
    std::vector<VmInfo> vms {};  ///< with configurations
    std::vector<std::string> images {};
};

enum class Action { Create, Change, Nothing };
/// "create", "change", "nothing".
[[nodiscard]] char const* name_of(Action action);

/// What becomes of the data disk, which is encrypted with a key that depends on what the CVM measures.
enum class DiskFate {
    New,       ///< there is none yet
    Survives,  ///< the key stays the same
    Lost,      ///< another key: the old disk can never be opened again
    NotKept,   ///< no key provider: it is lost at each stop, with or without a change
};
/// "new", "survives", "lost", "not-kept".
[[nodiscard]] char const* name_of(DiskFate fate);

struct Change {
    std::string field;
    std::string before;  ///< never of user_config
    std::string after;
};

struct Plan {
    Action action = Action::Create;
    std::string vm_id {};                ///< of the VM that is there
    Status vm_status = Status::Stopped;  ///< of the same
    std::vector<Change> changes {};
    DiskFate disk = DiskFate::New;
    std::vector<std::string> disk_reasons {};  ///< what changes the key

    Sha256 compose_hash {};
    std::string app_id {};                 ///< 40 hex characters
    Sha256 launcher_compose_hash {};       ///< what the network's contract allows
    std::optional<std::string> rtmr3 {};   ///< 96 hex characters; absent when too little is known
    std::vector<std::string> problems {};  ///< it must not be deployed like this
    std::vector<std::string> warnings {};

    Configuration configuration {};  ///< to create
    Update update {};                ///< to change
};

/// Compares the deployment with the VM of its name. It is checked as far as it can be from here: the launcher's own
/// reading of user_config, boot nodes that occur twice, ports, the network's rules for app-compose, the image, the
/// disk. Errors: Invalid when several VMs have the name, with their ids, or the VM there has no configuration.
[[nodiscard]] Result<Plan> make_plan(Wanted const& wanted, Existing const& existing);

}  // namespace mpc::vmm
