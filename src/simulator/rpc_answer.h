// What dstack's RPC servers have in common: query strings, JSON answers, errors, and a simulator's faults.
#pragma once

#include "http/server.h"
#include "simulator/misbehaviour.h"
#include "json/json.h"

namespace mpc::simulator {

/// Names and values, decoded; of equal names the first.
[[nodiscard]] json::Object query_arguments(std::string_view query);

[[nodiscard]] http::Answer json_answer(unsigned status, std::string body);
/// 400 with {"error": text}: whatever went wrong.
[[nodiscard]] http::Answer error_answer(std::string const& text);
/// Rocket's own page for a path that is not routed.
[[nodiscard]] http::Answer not_found();
/// What a proxy in between would say, with 200.
[[nodiscard]] http::Answer html_page();

/// What the plan does to an answer on its way out.
[[nodiscard]] http::Answer deliver(http::Answer answer, Faults const& faults);

}  // namespace mpc::simulator
