// Addresses of servers, checked before anything is connected to.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mpc::net {

/// An absolute http or https URL without user, password and fragment, so that no part of it but the query can be a
/// secret.
class Url {
public:
    /// At most 2048 bytes of ASCII. Errors: Invalid, never with a user or password in it.
    static Result<Url> parse(std::string_view text);

    [[nodiscard]] std::string const& text() const { return m_text; }
    [[nodiscard]] std::string const& host() const { return m_host; }  ///< lower case
    /// The whole without its query: what people and logs see.
    [[nodiscard]] std::string const& display() const { return m_display; }
    [[nodiscard]] bool has_query() const { return m_text != m_display; }
    bool operator==(Url const&) const = default;

private:
    Url(std::string text, std::string host, std::string display)
        : m_text(std::move(text)), m_host(std::move(host)), m_display(std::move(display))
    {
    }
    std::string m_text;
    std::string m_host;
    std::string m_display;
};

}  // namespace mpc::net
