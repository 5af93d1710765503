#include "support/fake_engine.h"

#include <algorithm>

#include <fmt/format.h>

#include "hash/hash.h"
#include "support/fake_engine_call.h"
#include "support/json_edit.h"

namespace mpc::test {

namespace {

/// Docker Hub's names as the engine shows them: "docker.io/library/x" is "x".
std::string familiar(std::string name)
{
    for (std::string_view const prefix : { "index.docker.io/", "docker.io/" }) {
        if (name.starts_with(prefix))
            name.erase(0, prefix.size());
    }
    if (name.starts_with("library/"))
        name.erase(0, std::string_view("library/").size());
    return name;
}

std::string digest_reference(std::string const& repository, FakeImage const& image)
{
    return familiar(repository) + "@" + image.manifest;
}

bool starts_itself(std::string const& policy)
{
    return policy == "on-failure" || policy == "unless-stopped" || policy == "always";
}

}  // namespace

FakeEngine::FakeEngine(std::filesystem::path socket, simulator::Journal* journal)
    : m_socket(std::move(socket)), m_journal(journal ? journal : &m_own_journal)
{
    m_server = http::Server::listen(m_socket, [this](http::Request const& request) { return handle(request); }).value();
}

std::vector<std::string> FakeEngine::deeds() const
{
    auto lines = m_journal->snapshot();
    std::erase_if(lines, [](auto const& line) { return line.starts_with("GET "); });
    return lines;
}

void FakeEngine::on_request(Hook hook)
{
    std::lock_guard const lock(m_mutex);
    m_hook = std::move(hook);
}

void FakeEngine::mutate_inspect(InspectMutator mutator)
{
    std::lock_guard const lock(m_mutex);
    m_mutate_inspect = std::move(mutator);
}

void FakeEngine::set_api_versions(std::string oldest, std::string newest)
{
    std::lock_guard const lock(m_mutex);
    m_oldest_api = std::move(oldest);
    m_newest_api = std::move(newest);
}

void FakeEngine::set_store(docker::ImageStore image_store)
{
    std::lock_guard const lock(m_mutex);
    m_store = image_store;
}

void FakeEngine::publish(std::string const& repository, FakeImage const& image, std::vector<std::string> const& tags)
{
    std::lock_guard const lock(m_mutex);
    m_published.insert_or_assign(digest_reference(repository, image), image);
    for (auto const& tag : tags)
        m_published.insert_or_assign(familiar(repository) + ":" + tag, image);
}

void FakeEngine::require_credentials(std::string username, std::string password)
{
    std::lock_guard const lock(m_mutex);
    m_credentials.emplace(std::move(username), std::move(password));
}

void FakeEngine::add_image(std::string const& repository, FakeImage const& image)
{
    std::lock_guard const lock(m_mutex);
    store(repository, image);
}

bool FakeEngine::has_image(std::string_view digest) const
{
    std::lock_guard const lock(m_mutex);
    return std::ranges::any_of(m_images,
        [&](auto const& stored) { return stored.image.manifest == digest || stored.image.config == digest; });
}

std::string FakeEngine::add_container(std::string const& name, json::Object const& body, std::string const& state)
{
    std::lock_guard const lock(m_mutex);
    auto const* image = find_image(text_at(body, "Image"));
    auto container = FakeContainer::create(new_id(), name, body, image->image, id_of(image->image)).value();
    if (state != "created")
        container.start({});
    if (!container.is_running() || state != "running")
        container.state = state;
    m_containers.push_back(container);
    return container.id;
}

std::optional<FakeContainer> FakeEngine::container(std::string_view name) const
{
    for (auto const& container : containers()) {
        if (container.name == name || container.id == name)
            return container;
    }
    return std::nullopt;
}

std::vector<FakeContainer> FakeEngine::containers() const
{
    std::lock_guard const lock(m_mutex);
    return m_containers;
}

void FakeEngine::ends_when_started(std::string const& name, FakeEnding ending)
{
    std::lock_guard const lock(m_mutex);
    m_endings.insert_or_assign(name, ending);
}

void FakeEngine::end_container(std::string_view name, int exit_code)
{
    std::lock_guard const lock(m_mutex);
    if (auto* container = find_container(name); container && container->is_running())
        container->end(exit_code);
}

void FakeEngine::reset()
{
    std::lock_guard const lock(m_mutex);
    settle();
    for (auto& container : m_containers) {
        auto const ran = container.is_running();
        if (ran)
            container.end(255);
        auto const policy = container.restart_policy();
        auto const stays_stopped = policy != "always" && (container.stopped_by_hand || !ran);
        if (container.state != "created" && starts_itself(policy) && !stays_stopped)
            container.start({});
    }
}

std::string FakeEngine::id_of(FakeImage const& image) const
{
    return m_store == docker::ImageStore::Classic ? image.config : image.manifest;
}

FakeEngine::StoredImage const* FakeEngine::find_image(std::string_view reference) const
{
    auto const name = familiar(std::string(reference));
    for (auto const& stored : m_images) {
        auto const id = id_of(stored.image);
        if (id == name || id == "sha256:" + name
            || std::ranges::find(stored.repo_digests, name) != stored.repo_digests.end())
            return &stored;
    }
    return nullptr;
}

FakeImage const* FakeEngine::find_published(std::string const& repository, std::string const& tag_or_digest) const
{
    auto const separator = tag_or_digest.starts_with("sha256:") ? "@" : ":";
    auto const found = m_published.find(familiar(repository) + separator + tag_or_digest);
    return found == m_published.end() ? nullptr : &found->second;
}

void FakeEngine::store(std::string const& repository, FakeImage const& image)
{
    auto const name = digest_reference(repository, image);
    for (auto& stored : m_images) {
        if (id_of(stored.image) != id_of(image))
            continue;
        if (std::ranges::find(stored.repo_digests, name) == stored.repo_digests.end())
            stored.repo_digests.push_back(name);
        return;
    }
    m_images.push_back({ .image = image, .repo_digests = { name } });
}

FakeContainer* FakeEngine::find_container(std::string_view name)
{
    for (auto& container : m_containers) {
        if (container.name == name || (name.size() >= 12 && container.id.starts_with(name)))
            return &container;
    }
    return nullptr;
}

void FakeEngine::settle()
{
    for (auto& container : m_containers) {
        if (!container.ends_at || *container.ends_at > std::chrono::steady_clock::now())
            continue;
        auto const code = container.ends_with;
        container.end(code);
        auto const policy = container.restart_policy();
        if (policy == "always" || policy == "unless-stopped" || (policy == "on-failure" && code != 0)) {
            container.start({});
            ++container.restarts;
        }
    }
}

std::string FakeEngine::new_id() { return to_hex(sha256({ as_bytes("container " + std::to_string(m_next_id++)) })); }

}  // namespace mpc::test
