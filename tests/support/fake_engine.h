// A Docker Engine that exists only as a unix socket: images, containers and a pretend registry, speaking the Engine API
// as engine 20.10 does, closely enough that docker::Engine and the launcher cannot tell.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>

#include "docker/engine.h"
#include "http/server.h"
#include "simulator/journal.h"
#include "support/fake_container.h"

namespace mpc::test {

/// Safe to use from the test while the server's thread answers.
class FakeEngine {
public:
    /// Asked before every request; an answer is given instead of the engine's own, and nothing happens in the engine.
    /// Called without the engine's lock, so it may use the engine.
    using Hook = std::function<std::optional<http::Answer>(http::Request const&)>;
    /// Changes what GET /containers/{id}/json says (see json_edit.h).
    using InspectMutator = std::function<json::Object(json::Object)>;

    /// `journal` gets a line for every request, container ids replaced by names: "POST /containers/create mpc-node",
    /// "POST /containers/mpc-node/start", "DELETE /containers/mpc-node", "GET /containers/json",
    /// "POST /images/create nearone/mpc-node@sha256:...". It outlives the engine; without one the engine keeps its own.
    explicit FakeEngine(std::filesystem::path socket, simulator::Journal* journal = nullptr);

    [[nodiscard]] std::filesystem::path const& socket() const { return m_socket; }
    [[nodiscard]] simulator::Journal& journal() { return *m_journal; }
    /// The journal's lines that are no questions, that is without "GET ".
    [[nodiscard]] std::vector<std::string> deeds() const;

    void on_request(Hook hook);
    void mutate_inspect(InspectMutator mutator);
    /// What GET /version says; 1.12 to 1.41 unless told.
    void set_api_versions(std::string oldest, std::string newest);
    void set_store(docker::ImageStore store);

    /// The registry serves the image by its manifest digest, and under the tags.
    void publish(std::string const& repository, FakeImage const& image, std::vector<std::string> const& tags = {});
    /// From now on the registry answers only to these credentials.
    void require_credentials(std::string username, std::string password);
    /// The engine has the image, as if pulled by digest.
    void add_image(std::string const& repository, FakeImage const& image);
    /// By manifest digest or image ID.
    [[nodiscard]] bool has_image(std::string_view digest) const;

    /// Makes a container, as somebody else would have; returns its id. The image must be there.
    std::string add_container(std::string const& name, json::Object const& body, std::string const& state = "exited");
    /// By name or id.
    [[nodiscard]] std::optional<FakeContainer> container(std::string_view name) const;
    [[nodiscard]] std::vector<FakeContainer> containers() const;
    /// From now on the process of a container of that name ends so when it is started; otherwise it runs on.
    void ends_when_started(std::string const& name, FakeEnding ending);
    /// The process of a running container ends now. A client that waits for it already is not told: it asks again.
    void end_container(std::string_view name, int exit_code);
    /// The machine is reset and boots: whatever ran has ended with 255, and the engine starts again what its restart
    /// policy allows (seen on engine 20.10: on-failure, unless-stopped and always; not no).
    void reset();

private:
    struct StoredImage {
        FakeImage image;
        std::vector<std::string> repo_digests;
    };
    struct Call;

    http::Answer handle(http::Request const& request);
    http::Answer route(Call const& call);
    void note(Call const& call);

    http::Answer info() const;
    http::Answer images(Call const& call);
    http::Answer pull(Call const& call);
    http::Answer inspect_image(std::string const& reference) const;
    http::Answer remove_image(std::string const& reference);
    http::Answer distribution(Call const& call, std::string const& reference) const;
    http::Answer containers_call(Call const& call);
    http::Answer create(Call const& call);
    http::Answer act(FakeContainer& container, Call const& call, std::string const& action);
    http::Answer start(FakeContainer& container);
    http::Answer wait(FakeContainer const& container) const;
    http::Answer rename(FakeContainer& container, std::string const& name);
    http::Answer remove(FakeContainer const& container, Call const& call);

    [[nodiscard]] std::string id_of(FakeImage const& image) const;
    [[nodiscard]] StoredImage const* find_image(std::string_view reference) const;
    [[nodiscard]] FakeImage const* find_published(std::string const& repository,
        std::string const& tag_or_digest) const;
    [[nodiscard]] std::optional<http::Answer> refuse_credentials(Call const& call) const;
    void store(std::string const& repository, FakeImage const& image);
    FakeContainer* find_container(std::string_view name);
    /// Ends the processes whose time has come.
    void settle();
    std::string new_id();

    std::filesystem::path m_socket;
    simulator::Journal m_own_journal;
    simulator::Journal* m_journal;

    mutable std::mutex m_mutex;
    Hook m_hook;
    InspectMutator m_mutate_inspect;
    std::string m_oldest_api = "1.12";
    std::string m_newest_api = "1.41";
    docker::ImageStore m_store = docker::ImageStore::Classic;
    std::map<std::string, FakeImage> m_published;  ///< by "repository@digest" and "repository:tag"
    std::optional<std::pair<std::string, std::string>> m_credentials;
    std::vector<StoredImage> m_images;
    std::vector<FakeContainer> m_containers;
    std::map<std::string, FakeEnding, std::less<>> m_endings;
    unsigned m_next_id = 1;

    std::unique_ptr<http::Server> m_server;  ///< last: it uses all of the above until it is gone
};

}  // namespace mpc::test
