// Image references as people write them: [registry[:port]/]path[:tag].
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mpc::image {

/// A repository, and a tag where one was written. A digest is never part of it: that is decided elsewhere.
/// Grammar: the distribution project's reference grammar, without '@', with ports from 1 to 65535 and, as the engine,
/// without names that read as an image ID. What it accepts is no option, no shell word and not two references.
class Reference {
public:
    /// Errors: Invalid, naming the rule and never the text.
    static Result<Reference> parse(std::string_view text);

    /// Registry and path as written, without the tag: "ghcr.io/near/mpc-node", "nearone/mpc-node".
    [[nodiscard]] std::string const& repository() const { return m_repository; }
    [[nodiscard]] std::optional<std::string> const& tag() const { return m_tag; }
    /// The registry's host (and port) as credentials are filed under: "ghcr.io", "127.0.0.1:5000", and "docker.io" when
    /// none was written or "index.docker.io" was. The first path component is a host when it has a '.' or ':' or is
    /// "localhost".
    [[nodiscard]] std::string registry() const;
    /// The same repository with another tag, for which is_tag() holds.
    [[nodiscard]] Reference with_tag(std::string tag) const;

    bool operator==(Reference const&) const = default;

private:
    Reference(std::string repository, std::optional<std::string> tag)
        : m_repository(std::move(repository)), m_tag(std::move(tag))
    {
    }
    std::string m_repository;
    std::optional<std::string> m_tag;
};

/// Whether the text is a tag: [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}.
[[nodiscard]] bool is_tag(std::string_view text);

}  // namespace mpc::image
