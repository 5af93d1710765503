// The Docker Engine API calls that the launcher needs, and nothing else. (Engine API reference v1.41 to v1.51.)
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/interrupt.h"
#include "base/secret.h"
#include "image/digest.h"
#include "json/json.h"

namespace mpc::docker {

/// Which store the engine keeps images in; it decides what an image's Id means.
enum class ImageStore {
    Classic,     ///< graph drivers: Id is the digest of the config
    Containerd,  ///< snapshotters: Id is the digest of the manifest or index
};

struct EngineInfo {
    std::string version;      ///< "20.10.24"
    std::string api_version;  ///< the one negotiated: "1.41"
    ImageStore store;
};

struct ImageSummary {
    std::string id;                         ///< "sha256:..."
    std::vector<std::string> repo_digests;  ///< "nearone/mpc-node@sha256:..."
};

/// An image as inspected. The config is what a container inherits.
struct ImageDetails {
    std::string id;
    std::vector<std::string> repo_digests;
    std::string os;
    std::string architecture;
    std::string media_type;  ///< of the descriptor, where the engine tells (1.48 on); else ""
    std::vector<std::string> environment;
    std::vector<std::string> entrypoint;
    std::vector<std::string> command;
    std::string user;
    std::string working_directory;
    std::map<std::string, std::string> labels;
    std::vector<std::string> volumes;        ///< anonymous volumes that the image declares, by destination
    std::vector<std::string> exposed_ports;  ///< "80/tcp"
};

struct Mount {
    std::string type;    ///< "bind", "volume", "tmpfs"
    std::string name;    ///< of a volume
    std::string source;  ///< path on the engine's side
    std::string destination;
    bool writable = true;
};

struct PublishedPort {
    std::uint16_t host = 0;
    std::uint16_t container = 0;
    std::string protocol;
    std::string address;
};

struct ContainerSummary {
    std::string id;                  ///< 64 hex
    std::vector<std::string> names;  ///< without the leading '/'
    std::string image_id;
    std::string state;  ///< "created", "running", "paused", "restarting", "removing", "exited", "dead"
    std::map<std::string, std::string> labels;
    std::vector<Mount> mounts;
    std::vector<PublishedPort> ports;
};

/// What a registry says of a reference.
struct Distribution {
    image::ManifestDigest digest;
    std::string media_type;
    std::vector<std::string> platforms;  ///< "linux/amd64"
};

struct RegistryCredentials {
    std::string username;
    Secret password;
    Secret identity_token;
    std::string server;
};

/// Progress of a pull, summed over layers.
struct PullProgress {
    std::uint64_t bytes_done = 0;
    std::uint64_t bytes_total = 0;  ///< of the layers known so far
    std::uint32_t layers_done = 0;
    std::uint32_t layers_total = 0;
    bool operator==(PullProgress const&) const = default;
};

/// Bounds of a pull.
struct PullLimits {
    Duration silence;   ///< a stream that says nothing for so long is given up
    Duration deadline;  ///< for this attempt
};

/// An error of a pull or of a question to a registry: whether another try can help, and when.
struct Patience {
    bool worth_a_retry = true;
    std::optional<Duration> retry_after {};
};

struct Exit {
    std::int64_t code = 0;
};

/// Foreign text with everything in it that must not be seen replaced. Built from UserConfig::sensitive by the launcher;
/// an empty one leaves text as it is.
using Scrubber = std::function<std::string(std::string_view)>;

/// One Docker Engine. Every call has a deadline and ends when the interrupt is raised. Errors: Unreachable, Timeout,
/// Interrupted, Invalid (the answer is not what the API promises), NotFound (404), Refused (any other no; the
/// engine's text is in the message, scrubbed, made printable and cut). An error never carries an exit code from here,
/// except that Unreachable carries ExitCode::Engine.
class Engine {
public:
    virtual ~Engine() = default;

    [[nodiscard]] virtual EngineInfo const& info() const = 0;

    [[nodiscard]] virtual Result<std::vector<ImageSummary>> images() = 0;
    [[nodiscard]] virtual Result<ImageDetails> inspect_image(std::string_view reference) = 0;
    /// Removes a reference or an image ID; images in use stay. NotFound is not an error.
    [[nodiscard]] virtual Result<void> remove_image(std::string_view reference) = 0;

    /// GET /distribution/{reference}/json. `patience` is set when the result is an error.
    [[nodiscard]] virtual Result<Distribution> distribution(std::string const& reference,
        std::optional<RegistryCredentials> const& credentials, Duration timeout, Patience& patience) = 0;
    /// POST /images/create by digest, for linux/amd64. An error inside the 200 stream is an error; a stream that ends
    /// without the final status line is one too. `patience` is set when the result is an error.
    [[nodiscard]] virtual Result<void> pull(std::string const& repository, image::ManifestDigest const& digest,
        std::optional<RegistryCredentials> const& credentials, PullLimits limits,
        std::function<void(PullProgress const&)> const& on_progress, Patience& patience) = 0;

    /// All containers, running or not.
    [[nodiscard]] virtual Result<std::vector<ContainerSummary>> containers() = 0;
    /// The whole answer of GET /containers/{id}/json.
    [[nodiscard]] virtual Result<json::Object> inspect_container(std::string_view id) = 0;
    /// POST /containers/create with that body; returns the new id.
    [[nodiscard]] virtual Result<std::string> create_container(std::string_view name, json::Object const& body) = 0;
    /// Already running is success.
    [[nodiscard]] virtual Result<void> start_container(std::string_view id) = 0;
    /// SIGTERM, then after `grace` SIGKILL; returns when it has stopped. Already stopped is success.
    [[nodiscard]] virtual Result<void> stop_container(std::string_view id, std::chrono::seconds grace) = 0;
    /// SIGKILL; returns when it has stopped. Already stopped is success.
    [[nodiscard]] virtual Result<void> kill_container(std::string_view id) = 0;
    [[nodiscard]] virtual Result<void> rename_container(std::string_view id, std::string_view name) = 0;
    /// Also a running one when `force`. Named volumes stay, anonymous ones go. NotFound is success.
    enum class Force { No, Yes };
    [[nodiscard]] virtual Result<void> remove_container(std::string_view id, Force force) = 0;
    /// Sets the restart policy to "no".
    [[nodiscard]] virtual Result<void> forbid_restart(std::string_view id) = 0;
    /// Waits until the container is not running. Errors: also Timeout, which a caller may expect.
    [[nodiscard]] virtual Result<Exit> wait_container(std::string_view id, Duration at_most) = 0;

    /// The same engine for a thread of its own: calls through it end when that interrupt is raised, which outlives it.
    [[nodiscard]] virtual std::unique_ptr<Engine> under(Interrupt const& interrupt) const = 0;
    /// The same engine for cleaning up: calls through it are not ended by the interrupt, only by their deadlines.
    [[nodiscard]] virtual std::unique_ptr<Engine> uninterruptible() const = 0;

    /// Connects and negotiates the API version: the highest that both know, at least 1.41.
    static Result<std::unique_ptr<Engine>> connect(std::filesystem::path socket, Interrupt const& interrupt,
        Scrubber scrubber);
};

}  // namespace mpc::docker
