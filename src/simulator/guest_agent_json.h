// The JSON texts inside the agent's answers.
#pragma once

#include "simulator/measured_vm.h"

namespace mpc::simulator {

/// Whole, as Info has it, or stripped, as GetQuote has it from 0.5.6 on.
enum class LogForm { Whole, Stripped };
[[nodiscard]] json::Array event_log_json(evidence::EventLog const& log, LogForm form);

/// The text of GetQuote's event_log: from 0.5.6 on without the digests of runtime events and the payloads of boot
/// events.
[[nodiscard]] std::string event_log_text(evidence::EventLog const& log, Dialect const& dialect);

/// The text of Info's tcb_info: registers, hashes, the app-compose, and the event log, never stripped.
[[nodiscard]] std::string tcb_info_text(MeasuredVm const& vm);

/// SHA-256 of MRTD, the registers and the configuration, as Info's mr_aggregated.
[[nodiscard]] Sha256 mr_aggregated(MeasuredVm const& vm);

/// SHA-256 of nothing: the device id that 0.5.8 shows for every TDX machine.
[[nodiscard]] std::string device_id();

}  // namespace mpc::simulator
