// The port that dstack's guest agent serves to the world (8090): Info, Version, and the containers' logs.
#pragma once

#include "http/client.h"
#include "simulator/guest_agent.h"

namespace mpc::simulator {

inline constexpr std::uint16_t guest_port = 8090;

/// Answers "/prpc/[Worker.]{Info,Version}" and, when the app-compose has public_logs,
/// "/logs/<container>?text&bare&timestamps&follow&tail=N", always as text. Anything else is 404.
class GuestPort {
public:
    /// `agent` must outlive it, and the answers that it gives.
    GuestPort(GuestAgent& agent, http::Client engine, bool public_logs)
        : m_agent(agent), m_engine(std::move(engine)), m_public_logs(public_logs)
    {
    }

    [[nodiscard]] http::Answer handle(http::Request const& request) const;

private:
    [[nodiscard]] http::Answer logs(std::string_view container, std::string_view query) const;

    GuestAgent& m_agent;
    http::Client m_engine;
    bool m_public_logs;
};

/// What a container printed, from the engine's frames of 8 bytes of header each (Engine API, ContainerAttach).
[[nodiscard]] std::string text_of_frames(std::string_view frames);

}  // namespace mpc::simulator
