// Event logs, for people and for machines.
#pragma once

#include "evidence/event_log.h"

namespace mpc::ctl {

/// A heading and a line for each event: register, name, payload (of boot events, whose payload is mostly stripped, the
/// digest). Foreign text is made printable and cut to fit a line.
[[nodiscard]] std::string event_table(evidence::EventLog const& log);

/// As dstack writes a log: [{"imr","event_type","digest","event","event_payload"}]; digests that an agent strips are
/// computed.
[[nodiscard]] json::Array events_json(evidence::EventLog const& log);

}  // namespace mpc::ctl
