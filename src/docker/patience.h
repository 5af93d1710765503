// Whether a registry is worth asking again, and when.
#pragma once

#include <string_view>

#include "docker/engine.h"
#include "http/message.h"

namespace mpc::docker {

/// Whether asking again can help after an answer that was no success: not after 4xx other than 408 and 429. The engine
/// itself turns a registry's 429 or 401 into 500 and drops its Retry-After (20.10), so the text is searched, too.
[[nodiscard]] Patience patience_after(http::Response const& answer);

/// The time in "... retry-after: 1.25s, allowed: ..." as registries write it into their messages: a Go duration
/// ("985.86µs", "1m2s") or plain seconds. Rounded up to milliseconds, at most a day.
[[nodiscard]] std::optional<Duration> find_retry_after(std::string_view text);

}  // namespace mpc::docker
