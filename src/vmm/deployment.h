// A deployment: what an operator writes down once, to deploy and upgrade a node from it. docs/deployment-file.md
// describes each key.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/digest.h"
#include "vmm/types.h"

namespace mpc::vmm {

/// Who gives the CVM the key of its disk. The network accepts Local alone.
enum class DiskKey {
    Local,  ///< an enclave on the host, bound to what the CVM measures
    None,   ///< nobody: the disk is lost at each stop
};

/// Paths are as written.
struct Deployment {
    std::string name {};
    std::optional<std::string> vmm {};      ///< address of the VMM, or
    std::optional<std::string> context {};  ///< a context of the configuration file, or neither
    std::string os_image {};
    std::uint32_t vcpu = 0;
    std::uint32_t memory_mb = 0;
    std::uint32_t disk_gb = 0;
    std::vector<PortForward> ports {};
    std::filesystem::path compose {};  ///< the launcher's compose file, or a template of it with two placeholders
    std::optional<image::ImageDigest> launcher_digest {};
    std::optional<image::ImageDigest> image_digest {};
    std::filesystem::path user_config {};
    DiskKey disk_key = DiskKey::Local;
    std::optional<std::string> key_provider_mrenclave {};  ///< 64 hex characters; only to predict RTMR3
    bool public_logs = true;
    bool public_sysinfo = true;
    bool no_instance_id = true;
    bool secure_time = false;
    std::vector<std::string> notes {};  ///< what was ignored: names and line numbers
};

/// A deployment file, strict: an unknown key, a key that is missing and a value of another form are refused.
/// Errors: Invalid, with the place.
[[nodiscard]] Result<Deployment> parse_deployment(std::string_view toml);

/// The env file of near/mpc's deploy-launcher.sh. It is read, never run: KEY=VALUE lines, values bare or in quotes;
/// what a shell would expand or execute is refused. It fixes 8 vCPU and 64 GB, as the script does; `compose` stays
/// empty, as the script knows its template by itself. Keys that nobody knows become notes.
/// Errors: Invalid, with line or key, never with a value.
[[nodiscard]] Result<Deployment> parse_env_file(std::string_view content);

/// The version of dstack in an image's name, "dstack-dev-0.5.8" -> "0.5.8"; nullopt when there is none.
[[nodiscard]] std::optional<std::string> version_in(std::string_view os_image);

}  // namespace mpc::vmm
