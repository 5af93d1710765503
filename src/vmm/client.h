// dstack-vmm's RPC, typed. (../shared/reference/dstack.md section 4; vmm_rpc.proto, 0.5.0 to 0.6.0.)
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hash/hash.h"
#include "vmm/transport.h"
#include "vmm/types.h"

namespace mpc::vmm {

/// Which file of a VM to read.
enum class LogChannel { Serial, Stdout, Stderr };

struct LogRequest {
    LogChannel channel = LogChannel::Serial;
    std::uint32_t lines = 100;                    ///< the last so many
    bool follow = false;                          ///< and what comes after them, until we are interrupted
    Duration silence = std::chrono::seconds(30);  ///< how long the VMM may say nothing, unless it is followed
};

/// One VMM. Every call but logs() ends within the endpoint's timeout.
///
/// Errors of every call: those of Transport; Refused when the VMM says no: a wrong or missing token, or its own reason,
/// cut and printable, in which nothing stands that this client sent as a secret, in whichever form it was sent; Invalid
/// when the answer is not what a dstack-vmm answers (HTML, another JSON, another VM).
class Client {
public:
    /// `secrets` are the texts that no error may hold, such as the token, however short they are.
    explicit Client(std::unique_ptr<Transport> transport, std::vector<Secret> secrets = {});
    /// Errors: those of make_transport().
    static Result<Client> make(Endpoint const& endpoint, Interrupt const& interrupt);

    [[nodiscard]] Result<std::string> version();
    /// Names of the operating system images.
    [[nodiscard]] Result<std::vector<std::string>> images();
    /// Whether VMs can have ports of the host; a VMM that does not say forwards them.
    [[nodiscard]] Result<bool> forwards_ports();
    /// Every VM, with its configuration.
    [[nodiscard]] Result<std::vector<VmInfo>> list();
    /// Every VM without its configuration, which is a shorter answer.
    [[nodiscard]] Result<std::vector<VmInfo>> list_briefly();
    /// With the configuration; nullopt when there is no such VM.
    [[nodiscard]] Result<std::optional<VmInfo>> info(std::string const& id);

    /// SHA-256 of the app-compose as the VMM has received it.
    [[nodiscard]] Result<Sha256> compose_hash(Configuration const& configuration);
    /// Makes a VM, which is not started (but by a VMM before 0.5.4); returns its id. After any error but Refused it may
    /// exist all the same.
    [[nodiscard]] Result<std::string> create(Configuration const& configuration);
    /// A VMM before 0.5.6 has no UpdateVm: then its older call is used, unless the update needs more than that can do.
    /// A refusal may leave a part of the update done (compose and user_config before resources).
    [[nodiscard]] Result<void> update(std::string const& id, Update const& update);
    [[nodiscard]] Result<void> start(std::string const& id);
    /// Asks the guest to end; returns at once.
    [[nodiscard]] Result<void> shut_down(std::string const& id);
    /// Ends the VM's process, as if its power was cut.
    [[nodiscard]] Result<void> kill(std::string const& id);
    /// Deletes it with its disk.
    [[nodiscard]] Result<void> remove(std::string const& id);

    /// Hands over the log as the VMM sends it: foreign bytes. Unless it is followed, no more than 64 KiB for each line
    /// that was asked for, at least 1 MiB and at most 64 MiB, within ten minutes. Errors: also NotFound; Invalid (more
    /// than that, or a web page); Timeout.
    [[nodiscard]] Result<void> logs(std::string const& id, LogRequest const& request, http::OnPiece const& on_piece);

private:
    Result<std::string> call(std::string const& method, std::string const& body);
    Result<void> call_for_vm(std::string const& method, std::string const& id);
    Result<std::vector<VmInfo>> list_with(std::string const& body);
    [[nodiscard]] Error refusal(http::Response const& response) const;
    [[nodiscard]] std::string without_secrets(std::string text) const;
    void protect(Secret const& text);

    std::unique_ptr<Transport> m_transport;
    std::vector<Secret> m_secrets;
};

/// The VM that an operator means: an id, the beginning of one (8 characters or more), or a name. Errors: NotFound;
/// Invalid when several fit, with their ids.
[[nodiscard]] Result<VmInfo> find_vm(std::vector<VmInfo> const& vms, std::string_view wanted);

}  // namespace mpc::vmm
