// Pieces of text that both forms of user_config are read with.
#pragma once

#include <string_view>

namespace mpc::config {

/// Without spaces, tabs and carriage returns at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);

/// The text up to the next line feed, which is removed from `rest` together with it.
[[nodiscard]] std::string_view take_line(std::string_view& rest);

/// Whether a name may be shown to people: [A-Za-z_][A-Za-z0-9_]{0,63}. What looks otherwise may be a value in the wrong
/// place, even a secret.
[[nodiscard]] bool is_plausible_name(std::string_view text);

/// Whether a line, trimmed, belongs to the TOML form: it assigns to launcher_config or mpc_node_config, bare or quoted,
/// or is the header of one of these tables or of a table in them.
[[nodiscard]] bool names_toml_table(std::string_view line);

}  // namespace mpc::config
