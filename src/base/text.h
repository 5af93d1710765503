// Text that others wrote: whether it is text, and what of it is shown and written down.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mpc {

/// Whether the text is UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text);

/// The text as UTF-8: every byte that belongs to no character becomes U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

inline constexpr std::size_t uncut = std::string_view::npos;

/// Foreign text made fit for a terminal, a log line or an error: UTF-8 in which control characters (C0, DEL, C1) are
/// spaces, and U+FFFD stands for marks that reorder, join or hide text and for bytes that belong to no character. Of
/// more than `limit` bytes the whole characters within them stay, with " [...]" after them.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 400);

/// The text as a JSON string (RFC 8785 section 3.2.2.2): the short escapes where there is one, \u00xx for other
/// controls, the rest as it is. No JSON when it is not UTF-8.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace mpc
