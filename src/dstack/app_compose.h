// app-compose.json as dstack's own tool writes it. Its SHA-256 is measured and decides the key of the data disk, so
// every byte counts. Source: `vmm-cli.py compose` of dstack 0.5.4 to 0.6.0 (../shared/reference/dstack.md sections 3.1
// and 4.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mpc::dstack {

/// Who gives the CVM its keys. It wins over kms_enabled and local_key_provider_enabled.
enum class KeyProvider { None, Kms, Local, Tpm };
/// "none", "kms", "local", "tpm".
[[nodiscard]] char const* name_of(KeyProvider provider);
/// Errors: Invalid.
[[nodiscard]] Result<KeyProvider> key_provider_named(std::string_view name);

/// The choices that vmm-cli.py leaves to the operator, with its defaults. Texts are UTF-8 and go in unchanged.
struct AppComposeOptions {
    std::string name {};
    std::string docker_compose_file {};  ///< the content of the file
    bool kms_enabled = false;
    bool gateway_enabled = false;
    bool local_key_provider_enabled = false;
    std::string key_provider_id {};  ///< hex; which KMS or which sealing enclave, "" for any
    bool public_logs = false;
    bool public_sysinfo = false;
    std::vector<std::string> allowed_envs {};  ///< see parse_env_names(); only with a KMS, which decrypts them
    bool no_instance_id = false;
    bool secure_time = false;
    std::optional<KeyProvider> key_provider {};
    std::optional<std::string> pre_launch_script {};  ///< the content of the file
    std::uint64_t swap_megabytes = 0;                 ///< 0: no swap, and no such member
    unsigned event_log_version = 1;                   ///< 1 (no such member) or 2
};

/// The bytes: members in vmm-cli.py's order, as Python's json.dumps(indent=4, ensure_ascii=False) writes them, without
/// a newline at the end. Errors: Invalid, naming the member (text that is not UTF-8, environment names without a KMS,
/// an event log version other than 1 and 2, more swap than 64 bits can count).
[[nodiscard]] Result<std::string> write_app_compose(AppComposeOptions const& options);

/// What dstack will stumble over, although its tool writes it: a sentence each. Size is judged by the limits of the
/// guest.
[[nodiscard]] std::vector<std::string> objections(AppComposeOptions const& options, std::size_t size);

/// The names of an env file, in their order, as the tool finds them: KEY=VALUE lines, '#' begins a comment, a line
/// without '=' does not count, a name twice counts where it was first. At most 1 MiB and 1024 names.
/// Errors: Invalid, with the line and never its text: a name that the guest refuses (it takes
/// [A-Za-z_][A-Za-z0-9_]{0,254}).
[[nodiscard]] Result<std::vector<std::string>> parse_env_names(std::string_view content);

/// Whole megabytes (MiB) of a size as the tool takes it: "4G", "1.5g", "512MB", "512". Errors: Invalid (no such form,
/// or not a whole number of megabytes).
[[nodiscard]] Result<std::uint64_t> parse_megabytes(std::string_view text);

}  // namespace mpc::dstack
