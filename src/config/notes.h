// What reading a user_config finds out beside its plan.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "image/reference.h"

namespace mpc::config {

/// Collects the warnings and the sensitive texts of a UserConfig.
class Notes {
public:
    /// Adds a warning, which must hold names and line numbers only. After 100 of them one says that more were left out.
    void warn(std::string text);
    /// Marks a value as not to be seen in foreign text. Ones of less than 6 characters are left out: removing them
    /// would garble any text and hide nothing.
    void protect(std::string_view value);
    /// Marks the repository, its registry, its path and its tag.
    void protect(image::Reference const& reference);

    [[nodiscard]] std::vector<std::string> take_warnings() { return std::move(m_warnings); }
    [[nodiscard]] std::vector<Secret> take_sensitive() { return std::move(m_sensitive); }

private:
    std::vector<std::string> m_warnings;
    std::vector<Secret> m_sensitive;
};

}  // namespace mpc::config
