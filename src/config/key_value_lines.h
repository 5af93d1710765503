// KEY=VALUE lines, before anybody asks what the keys mean.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "config/notes.h"

namespace mpc::config {

struct Setting {
    Secret value;  ///< trimmed; may be empty
    std::size_t line = 0;
};
using Settings = std::map<std::string, Setting, std::less<>>;

/// Splits each line at its first '='; keys and values are trimmed. There is no quoting, no "export" and no expansion.
/// Blank lines and those that start with '#' are skipped; a line that is not KEY=VALUE is skipped with a warning. Of
/// equal keys the last wins, with a warning. Every line or value that is left out is marked as sensitive.
/// Errors: Invalid for a line that belongs to the TOML form, and when there is no setting at all.
[[nodiscard]] Result<Settings> read_lines(std::string_view content, Notes& notes);

/// How a setting is named to people: by its key, or as "line 7" where the key may be a value in the wrong place.
[[nodiscard]] std::string name_of(Settings::value_type const& setting);

}  // namespace mpc::config
