// What a VM of the simulated VMM is made from: VmConfiguration of dstack-vmm. (vmm_rpc.proto, v0.5.6 to v0.5.11.)
#pragma once

#include <string>
#include <vector>

#include "simulator/cvm.h"
#include "json/json.h"

namespace mpc::simulator {

struct VmPort {
    std::string protocol;  ///< "tcp", or "udp", which is kept and leads nowhere
    std::uint16_t host_port = 0;
    std::uint16_t vm_port = 0;
    std::string host_address;  ///< as asked for, "127.0.0.1" for ""; the simulator listens on loopback whatever it says
};

struct VmConfiguration {
    std::string name;
    std::string image;
    std::string compose_file;
    std::uint32_t vcpu = 1;
    std::uint32_t memory = 1024;   ///< MB
    std::uint32_t disk_size = 20;  ///< GB
    std::vector<VmPort> ports {};
    std::string encrypted_env {};  ///< hex
    std::string app_id {};         ///< 40 hex; "" until the VM is made, then for good
    std::string user_config {};
    json::Array kms_urls {};
    json::Array gateway_urls {};
    bool hugepages = false;
    bool pin_numa = false;
    bool stopped = false;
    bool no_tee = false;
    json::Value networking {};        ///< null, or an object with a "mode"
    std::uint64_t created_at_ms = 0;  ///< of the Unix epoch; 0 until the VM is made

    /// What is missing has proto3's default, what is unknown is passed over, as prpc does. Errors: Invalid.
    static Result<VmConfiguration> from(json::Object const& message);
    /// As GetInfo shows it.
    [[nodiscard]] json::Object to_json() const;
};

/// Members of a message, each with proto3's default when it is missing or null. Errors: Invalid (of another type).
[[nodiscard]] Result<std::string> text_member(json::Object const& message, std::string_view name);
[[nodiscard]] Result<std::uint32_t> number_member(json::Object const& message, std::string_view name);
[[nodiscard]] Result<bool> bool_member(json::Object const& message, std::string_view name);
[[nodiscard]] Result<json::Array> array_member(json::Object const& message, std::string_view name);
[[nodiscard]] Result<std::vector<VmPort>> ports_member(json::Object const& message);
/// That no GPU is asked for, as there are none. Errors: Refused; Invalid (no such configuration of GPUs).
Result<void> check_gpus(json::Object const& message);

/// As dstack-vmm checks it before it stores it. Errors: Invalid.
Result<void> check_compose(std::string const& compose_file);
/// The characters that a VM's name may have. Errors: Invalid.
Result<void> check_vm_name(std::string const& name);

}  // namespace mpc::simulator
