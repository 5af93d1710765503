// A container as the fake Docker Engine keeps it: what was asked, merged with the image and the engine's own defaults
// the way engine 20.10 does it, and a state.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "json/json.h"

namespace mpc::test {

/// An image as a registry serves it, and as the engine has it afterwards.
struct FakeImage {
    std::string manifest;  ///< "sha256:..." of the manifest or index: what it is pulled by
    std::string config;    ///< "sha256:..." of the config: its Id in the classic store
    std::string media_type = "application/vnd.oci.image.manifest.v1+json";
    std::vector<std::string> platforms {};  ///< what the registry says of it: "linux/amd64"
    std::string os = "linux";
    std::string architecture = "amd64";
    std::vector<std::string> environment { "PATH=/usr/bin:/bin" };
    std::vector<std::string> entrypoint {};
    std::vector<std::string> command { "/app/mpc-node" };
    std::string user {};
    std::string working_directory {};
    std::map<std::string, std::string> labels {};
    std::vector<std::string> volumes {};
    std::vector<std::string> exposed_ports {};
};

/// How the process of a container ends once it has been started.
struct FakeEnding {
    std::chrono::milliseconds after { 0 };
    int exit_code = 0;
};

class FakeContainer {
public:
    /// As POST /containers/create makes it. Errors: Invalid, with the engine's message.
    static Result<FakeContainer> create(std::string id, std::string name, json::Object const& body,
        FakeImage const& image, std::string image_id);

    std::string id;
    std::string name;
    std::string image_id;
    std::string image_reference;  ///< as asked for
    json::Object config;          ///< "Config" of the inspect document
    json::Object host_config;     ///< "HostConfig" of it
    json::Array mounts;           ///< "Mounts" of it
    std::string state = "created";
    std::string error;
    int exit_code = 0;
    unsigned restarts = 0;
    bool stopped_by_hand = false;
    std::optional<std::chrono::steady_clock::time_point> ends_at;
    int ends_with = 0;

    [[nodiscard]] bool is_running() const { return state == "running" || state == "paused" || state == "restarting"; }
    [[nodiscard]] std::string restart_policy() const;
    /// Host ports that it holds while it runs: only those both exposed and bound count, as in engine 20.10.
    [[nodiscard]] std::vector<std::string> host_ports() const;

    void start(std::optional<FakeEnding> const& ending);
    void end(int code);
    /// GET /containers/{id}/json.
    [[nodiscard]] json::Object inspect() const;
    /// Its element of GET /containers/json.
    [[nodiscard]] json::Object summary() const;

private:
    std::string m_started_at = "0001-01-01T00:00:00Z";
    std::string m_finished_at = "0001-01-01T00:00:00Z";
};

/// "Config" of GET /images/{name}/json.
[[nodiscard]] json::Object config_of(FakeImage const& image);

}  // namespace mpc::test
