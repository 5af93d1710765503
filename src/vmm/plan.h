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

/// A port that this machine cannot give now, and why.
struct PortTrouble {
    PortForward port;
    std::string reason;
};

/// What there is at the VMM.
struct Existing {
    std::vector<VmInfo> vms {};  ///< with configurations
    std::vector<std::string> images {};
    std::string address {};                     ///< of the VMM, for people; may be left empty
    bool forwards_ports = true;                 ///< false: no VM of it gets a port of the host
    std::vector<PortTrouble> port_troubles {};  ///< of the deployment's ports, where the VMM is on this machine
};

enum class Action { Create, Change, Nothing };
/// "create", "change", "nothing".
[[nodiscard]] char const* name_of(Action action);

/// What becomes of the data disk, which is encrypted with a key that depends on what the CVM measures.
enum class DiskFate {
    New,       ///< there is none yet
    Survives,  ///< the key stays the same
    Lost,      ///< another key, or none: the old disk opens again with exactly what made it and with nothing else
    NotKept,   ///< no key provider, and no change of that: it is lost at each stop
};
/// "new", "survives", "lost", "not-kept".
[[nodiscard]] char const* name_of(DiskFate fate);

/// Of user_config it never holds a value but the image override's digest.
struct Change {
    std::string field;
    std::optional<std::string> before {};  ///< absent: there was none
    std::optional<std::string> after {};   ///< absent: there will be none
};

struct PredictedRtmr3 {
    std::string value;  ///< 96 hex characters
    image::ImageDigest image;
    bool is_certain = false;  ///< the launcher can run no other image; see expected_digest()
};

struct Plan {
    Action action = Action::Create;
    std::string vm_id {};                   ///< of the VM that is there
    Status vm_status = Status::Stopped;     ///< of the same
    std::optional<std::string> upgrade {};  ///< the claim of one that is under way; nothing must be deployed meanwhile
    std::vector<Change> changes {};         ///< of a new VM, what it will be
    DiskFate disk = DiskFate::New;
    std::vector<std::string> disk_reasons {};  ///< what changes the key

    Sha256 compose_hash {};
    std::string app_id {};                       ///< 40 hex characters
    Sha256 launcher_compose_hash {};             ///< what the network's contract allows
    std::optional<image::ImageDigest> image {};  ///< expected_digest()
    std::optional<PredictedRtmr3> rtmr3 {};      ///< absent when too little is known
    std::vector<std::string> problems {};        ///< it must not be deployed like this
    std::vector<std::string> warnings {};

    Configuration configuration {};  ///< to create
    Update update {};                ///< to change
};

/// The image that the launcher will measure if it measures any: the override of user_config, as the launcher reads it,
/// or on a new disk the deployment's. nullopt where the deployment names none, and on a disk that is there already:
/// there the digests decide that its node has approved, which nobody sees from here.
[[nodiscard]] std::optional<image::ImageDigest> expected_digest(Wanted const& wanted, DiskFate disk);

/// Compares the deployment with the VM of its name. It is checked as far as it can be from here: the launcher's own
/// reading of user_config, boot nodes that occur twice, ports, the network's rules for app-compose, the image, the
/// disk. Errors: Invalid when several VMs have the name, with their ids, or the VM there has no configuration.
[[nodiscard]] Result<Plan> make_plan(Wanted const& wanted, Existing const& existing);

}  // namespace mpc::vmm
