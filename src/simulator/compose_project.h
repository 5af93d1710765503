// What `docker compose up --remove-orphans --detach` does with a compose file, over the engine's API.
#pragma once

#include "http/client.h"
#include "simulator/compose_file.h"

namespace mpc::simulator {

/// The engine of one simulated CVM, as dstack's own scripts use it.
class ComposeProject {
public:
    explicit ComposeProject(http::Client engine) : m_engine(std::move(engine)) {}

    /// Whether the engine answers.
    [[nodiscard]] bool engine_answers() const;
    /// `docker load` of an archive's bytes. Errors: those of http::Client; Refused.
    Result<void> load(std::string archive) const;
    /// Pulls what is missing, replaces containers whose service has changed, removes those whose service is gone,
    /// starts what does not run. Errors: those of http::Client; Refused, with the service's name.
    Result<void> up(ComposeFile const& file) const;

private:
    Result<std::string> call(http::Method method, std::string target, std::string body = {}) const;
    Result<void> have_image(std::string const& image) const;
    Result<void> remove_orphans(ComposeFile const& file) const;
    Result<void> bring_up(ComposeService const& service) const;

    http::Client m_engine;
};

}  // namespace mpc::simulator
