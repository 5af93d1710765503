// A text that must not be printed.
#pragma once

#include <cstring>
#include <string>
#include <utility>

namespace mpc {

/// Holds a value of user_config, a password or a token. There is no way to print it by accident: no conversion, no
/// stream operator, no formatter. reveal() is the one door, so a search for it is the audit. Wiped when it dies.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : m_value(std::move(value)) {}
    Secret(Secret const&) = default;
    Secret(Secret&&) = default;
    Secret& operator=(Secret const&) = default;
    Secret& operator=(Secret&&) = default;
    ~Secret() { explicit_bzero(m_value.data(), m_value.size()); }

    [[nodiscard]] std::string const& reveal() const { return m_value; }
    [[nodiscard]] std::size_t size() const { return m_value.size(); }
    bool operator==(Secret const&) const = default;

private:
    std::string m_value;
};

}  // namespace mpc
