// A simulated dstack-vmm: its JSON API (vmm_rpc.proto of Dstack-TEE/dstack, v0.5.6 to v0.5.11, authentication as on its
// branch `next`) in front of simulated CVMs.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "http/server.h"
#include "simulator/misbehaviour.h"
#include "simulator/virtual_machine.h"

namespace mpc::simulator {

struct VmmOptions {
    std::filesystem::path directory;  ///< vm/<id>/ for each VM
    VmSetting setting {};
    std::vector<std::string> os_images { "dstack-0.5.8" };
    std::string token {};  ///< no authentication when this and the password are empty
    std::string auth_user {};
    std::string auth_password {};  ///< the token does as well
    std::vector<Misbehaviour> misbehaviours {};
};

/// The calls that --fail, --hang and the others may name.
[[nodiscard]] std::vector<std::string_view> const& vmm_methods();

/// Serves POST /prpc/[Teepod.]<Method>?json, POST /guest/<Method>?json, GET /logs, JSON only. Errors are 400 with
/// {"error": text}; 401 without a body for a caller who is not known; 404 for other paths. CreateVm, StartVm, StopVm,
/// ShutdownVm, RemoveVm, UpdateVm, UpgradeApp, ResizeVm, Status, GetInfo, ListImages, GetComposeHash, GetMeta, Version,
/// ListGpus, ReloadVms; GetAppEnvEncryptPubKey is refused, as without a KMS. StopVm and RemoveVm only
/// begin what they are asked for. Nothing restarts by itself. Its VMs die with the thread that calls handle(); their
/// disks stay. Safe to use from any thread.
class Vmm {
public:
    /// Knows the VMs that the directory has, all stopped. Errors: Io; Invalid (also when another one serves it).
    static Result<std::unique_ptr<Vmm>> open(VmmOptions options);

    [[nodiscard]] http::Answer handle(http::Request const& request);
    /// Shuts every VM down in order and waits, at most a minute; what still runs then is killed.
    void shut_down();

private:
    explicit Vmm(VmmOptions options) : m_options(std::move(options)), m_plan(m_options.misbehaviours) {}

    [[nodiscard]] bool knows(http::Request const& request, json::Object const& query) const;
    http::Answer rpc(std::string_view method, http::Request const& request);
    http::Answer guest(std::string_view method, http::Request const& request);
    http::Answer logs(json::Object const& query);
    Result<json::Value> call(std::string_view method, json::Object const& message, Faults const& faults);

    void bury();
    Result<VirtualMachine*> find(std::string const& id);
    Result<VirtualMachine*> named_in(json::Object const& message);
    Result<void> check_image(std::string const& name) const;
    Result<void> check_ports(std::vector<VmPort> const& ports, std::string_view own_id) const;
    Result<void> change_resources(VirtualMachine& machine, json::Object const& message) const;

    Result<json::Value> create_vm(json::Object const& message);
    Result<json::Value> update_vm(json::Object const& message);
    Result<json::Value> remove_vm(json::Object const& message);
    Result<json::Value> status(json::Object const& message, Faults const& faults);
    [[nodiscard]] std::vector<VirtualMachine*> oldest_first() const;
    Result<json::Value> get_info(json::Object const& message);
    Result<json::Value> images() const;

    VmmOptions m_options;
    Fd m_lock;
    std::mutex m_mutex;
    MisbehaviourPlan m_plan;
    std::map<std::string, std::unique_ptr<VirtualMachine>> m_machines;
};

}  // namespace mpc::simulator
